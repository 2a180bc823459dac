"""What lets us in: the consents of companies, their tokens, and the vault that keeps secrets.

Comes in: tokens and secrets. Goes out: an access token for whoever may send. It may import the ground.
"""
