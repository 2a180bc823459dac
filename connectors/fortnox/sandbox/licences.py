"""Which of Fortnox's licences a scope needs, and what is answered when a company has none of them.

That a scope needs a licence besides the consent is Fortnox's word (facts §1.9), and so are both codes (facts §2.5).
Which licence goes with which scope is public for salary only; the rest follows the names of Fortnox's products.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from connectors.fortnox.sandbox.answers import Refusal

INTEGRATION: Final = "integration"
"""One licence for all integrations of a company (FEATURES H3)."""

_ANY: Final[frozenset[str]] = frozenset()
_BOOKKEEPING: Final = frozenset({"bookkeeping"})
_SALES: Final = frozenset({"invoicing", "order"})

SCOPES: Final[Mapping[str, frozenset[str]]] = {
    "archive": _ANY,
    "article": _SALES,
    "assets": frozenset({"assets"}),
    "bookkeeping": _BOOKKEEPING,
    "companyinformation": _ANY,
    "connectfile": _ANY,
    "costcenter": _ANY,
    "currency": _ANY,
    "customer": _SALES,
    "inbox": _ANY,
    "invoice": frozenset({"invoicing"}),
    "noxfinansinvoice": frozenset({"invoicing"}),
    "offer": frozenset({"order"}),
    "order": frozenset({"order"}),
    "payment": frozenset({"invoicing", "supplier-invoices"}),
    "price": _SALES,
    "print": _SALES,
    "profile": _ANY,
    "project": _ANY,
    "salary": frozenset({"salary"}),
    "settings": _ANY,
    "supplier": frozenset({"supplier-invoices"}),
    "supplierinvoice": frozenset({"supplier-invoices"}),
    "timereporting": frozenset({"time"}),
}
"""Every scope that can be asked for, with the licences of which one is enough; none: only the integration licence."""

ALL: Final = frozenset({INTEGRATION}.union(*SCOPES.values()))
"""Every licence of the sandbox; a new company has them all."""

NO_LICENCE: Final = Refusal("no_licence", 2001101, "Det finns ingen aktiv licens för önskat scope")
NO_API_LICENCE: Final = Refusal("no_api_licence", 2001103, "Api-licens saknas.")


def lacking(scope: str, licences: AbstractSet[str]) -> Refusal | None:
    """Return how a call that needs a scope is refused for want of a licence; None: the company has what it takes."""
    if INTEGRATION not in licences:
        return NO_API_LICENCE
    needed = SCOPES.get(scope, _ANY)
    return NO_LICENCE if needed and not needed & licences else None


def named(scope: str) -> list[str]:
    """Return the licences that scopes, separated by spaces, need: alternatives are joined by "or"."""
    return [
        INTEGRATION,
        *dict.fromkeys(" or ".join(sorted(SCOPES[each])) for each in scope.split() if SCOPES.get(each)),
    ]
