"""The set-up of a company at Fortnox: read, examined, watched, and asked before a voucher is sent."""
