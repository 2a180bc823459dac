"""The desk in a browser: pages that ask for a person and a permission, and work with and without script.

A page is a ``Page``: its address, what it asks for, and a function from a ``Visit`` to an answer. ``site`` guards all
of them alike; a file here holds the pages of one subject, and ``templates`` what they look like, in both languages.
"""
