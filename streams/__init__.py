"""One folder for each flow: pure rules that turn facts into orders.

Each has the same files: ``state`` (what is remembered), ``learn`` (what a message teaches), ``rules`` (the first of the
``RULES`` that says something decides), ``verdict`` (what a rule may say), ``orders`` (what comes of it), ``decide``
(put together, for the host), and ``plan`` where there is one. What is a flow's own matter stands beside them.
"""
