"""The demo: an outsider that speaks HTTP, files and Kafka as tills and staff offices do, and starts everything for it.

``scenes`` is the story, ``telling`` and ``tieout`` are pure, ``world`` is what goes over the wires, ``stage`` starts
everything, ``screen`` prints.
"""

from infra.plugin import System

SYSTEM = System(name="demo")
