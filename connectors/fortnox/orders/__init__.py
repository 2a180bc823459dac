"""What is carried out in Fortnox: each kind of order with its write and how it is found again."""
