"""A host in memory: it decides by the host's own function, keeps states as PostgreSQL does, and decides all twice."""

import json
from typing import Any

from infra.deciding.decision import Decision, deciding, reading
from infra.plugin import Flow, Terms
from schemas.commands import Order
from schemas.envelope import Envelope


class FlowDriver:
    """What a flow remembers of one company. ``states`` are as they come back from the database."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.states: dict[str, Any] = {}
        self.waiting: dict[str, str] = {}

    def decide(
        self,
        message: Envelope[Any],
        terms: Terms,
        named: tuple[str, ...] = (),
        *,
        remember: bool = True,
    ) -> tuple[Order, ...]:
        """Decide a message over the keys that it names, or that are given; return the orders.

        Deciding it twice before it is remembered gives the same; after it, nothing.
        """
        keys = named or reading(self._flow, message.data)
        if not keys:
            return ()
        decision = self._decide(keys, message, terms)
        assert decision == self._decide(keys, message, terms), f"decided otherwise the second time: {message.data}"
        ids = [order.id_in(message.tenant) for order in decision.orders]
        assert len(ids) == len(set(ids)), f"two orders of one id: {decision.orders}"
        assert {order.flow for order in decision.orders} <= {self._flow.name}
        if not remember:
            return decision.orders
        for key, kept in decision.kept.items():
            back = self._flow.state.model_validate(json.loads(kept.written()), strict=False)
            assert back == kept.state, f"{key} comes back otherwise: {kept.state}"
            self.states[key] = back
            self.waiting.pop(key, None)
            if kept.waiting is not None:
                self.waiting[key] = kept.waiting
        again = self._decide(keys, message, terms).orders
        assert again == (), f"decided twice: {message.data} gave {decision.orders} and then {again}"
        return decision.orders

    def told(self, codes: tuple[str, ...] | None) -> list[str]:
        """Return the keys that settings (None) or checks of these codes are told to, in the database's order."""
        return sorted(key for key, reason in self.waiting.items() if codes is None or reason in codes)

    def _decide(self, keys: tuple[str, ...], message: Envelope[Any], terms: Terms) -> Decision:
        steps = deciding(self._flow, keys, message, terms)
        step = next(steps)
        while not isinstance(step, Decision):
            step = steps.send({key: self.states.get(key) or self._flow.state() for key in step})
        return step
