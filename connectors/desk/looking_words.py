"""What a plan says of the books that its vouchers would meet, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

OURS = Phrase("desk.ours", "{name} den {day} ({key})", "{name} of {day} ({key})")
AND_MORE = Phrase("desk.and_more", "och {number} till", "and {number} more")
HOLDS_THE_SAME = Phrase(
    "desk.holds_the_same",
    "{booked:comma} har samma innehåll: {likeness}. Är det samma händelse, lämna den här raden; inget behöver "
    "återföras än.",
    "{booked:comma} holds the same: {likeness}. If it is the same event, leave this row out; nothing is to be reversed "
    "yet.",
)
ALL_HOLD_THE_SAME = Phrase(
    "desk.all_hold_the_same",
    "{booked:comma} har samma innehåll: {likeness}. Är det samma händelse, lämna den här raden; inget behöver "
    "återföras än.",
    "{booked:comma} hold the same: {likeness}. If it is the same event, leave this row out; nothing is to be reversed "
    "yet.",
)
LATER_WAITS = Phrase(
    "desk.later_waits",
    "Verifikationen för {day} väntar på det: {why}",
    "The voucher of {day} waits for it: {why}",
)
FIRST_OPEN_DAY = Phrase(
    "desk.first_open_day",
    "Perioden är låst; båda verifikationerna bokförs på första dagen efter den, enligt inställningarna.",
    "The period is locked; both vouchers are booked on the first day after it, as the settings say.",
)
NO_SERIES = Phrase(
    "desk.no_series",
    "{series} är ingen verifikationsserie: koden har 1 till 10 bokstäver eller siffror",
    "{series} is no series: its code has 1 to 10 letters or digits",
)

WORDS: Final[Mapping[str, Said]] = catalogue("desk", vars())
