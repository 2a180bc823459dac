"""People at the desk: who they are, which companies they see and what they may do there, and how they are signed in.

In comes what a person shows (a link, a password, a code, a cookie); out goes a ``Person``, or a word why not. Kept is
what proves a secret, never the secret. It may import the ground and ``access`` (the vault).
"""
