"""The host: written once, it runs every plugin the same way."""
