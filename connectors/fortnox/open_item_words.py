"""What is said of the invoices that were open at a balance date, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

DIFFERS = Phrase(
    "fortnox.open_differs",
    "De öppna fakturorna blir {total:money}, och konto {account} står på {stands:money}: {gap:money} på kontot är "
    "ingen fakturas.",
    "The open invoices come to {total:money}, and account {account} stands at {stands:money}: {gap:money} on the "
    "account is no invoice's.",
)
NOT_BOOKED = Phrase(
    "fortnox.open_not_booked",
    "{number:count} fakturor från de dagarna är inte bokförda, och är inte med.",
    "{number:count} invoices of these days are not booked, and left out.",
)
PAYMENTS_NOT_BOOKED = Phrase(
    "fortnox.open_payments_not_booked",
    "{number:count} betalningar från de dagarna är inte bokförda, och räknas inte.",
    "{number:count} payments of these days are not booked, and do not count.",
)
FOREIGN = Phrase(
    "fortnox.open_foreign",
    "I annan valuta, till fakturans egen kurs: {numbers:comma}.",
    "In another currency, at the invoice's own rate: {numbers:comma}.",
)
AND_MORE = Phrase("fortnox.open_and_more", "{number} och {more:count} till", "{number} and {more:count} more")
NO_AMOUNT = Phrase(
    "fortnox.open_no_amount",
    "ett belopp i Fortnox lista över fakturor eller betalningar är inget tal",
    "an amount in Fortnox's list of invoices or payments is no number",
)
NO_DAY = Phrase(
    "fortnox.open_no_day",
    "en dag i Fortnox lista över fakturor eller betalningar är ingen dag",
    "a day in Fortnox's list of invoices or payments is none",
)

WORDS: Final[Mapping[str, Said]] = catalogue("fortnox", vars())
