"""The verbs of the host itself; those of a plugin stand with it.

Comes in: what somebody types. Goes out: what is printed, and an exit code. Each is imported when it runs
(``verbs.toml`` names it), and may import every room of the host.
"""
