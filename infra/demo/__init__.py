"""``bokbuss demo``: a week of two made-up companies, on a real broker, a real database and a sandbox of Fortnox.

It is an outsider: it speaks HTTP, files and Kafka as tills do. ``scenes`` is the story, ``telling`` and ``tieout`` are
pure, ``world`` is what goes over the wires, ``stage`` starts everything, ``screen`` prints.
"""

from infra.demo.stage import run

__all__ = ["run"]
