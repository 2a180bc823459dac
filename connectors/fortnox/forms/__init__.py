"""The records that we write besides vouchers: their requests, and what their answers say. Pure."""
