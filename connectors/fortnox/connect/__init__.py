"""A company lets us in: the link, the consent, what came of it, and the tokens kept alive."""
