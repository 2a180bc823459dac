"""What the activity log says besides who, when and how many, in both languages. Pure."""

from collections.abc import Mapping
from typing import Final

from schemas.words import Phrase, Said, catalogue

FACTS_OVER_HTTP = Phrase(
    "infra.facts_over_http", "{number:count} händelser, över HTTP", "{number:count} facts, over HTTP"
)
FACTS_HOWEVER = Phrase("infra.facts_however", "händelser, hur de än kom", "facts, however they came")
DEAD_LETTERS = Phrase("infra.dead_letters", "gick inte att läsa", "dead letters")
LAST_IN_FULL = Phrase("infra.last_in_full", "den senaste fullständiga", "the last one in full")
DOCUMENTS_OF_YEAR = Phrase(
    "infra.documents_of_year",
    "för året som slutar {year}: {stored:count} sparade, {missing:count} saknas",
    "of the year that ends on {year}: {stored:count} stored, {missing:count} missing",
)
VERSION = Phrase("infra.version", "version {version}", "version {version}")
OF_FLOW = Phrase("infra.of_flow", "flöde {flow}", "flow {flow}")
VOUCHERS_OF_FLOW = Phrase(
    "infra.vouchers_of_flow",
    "flöde {flow}, verifikationer {series} {first} till {last}",
    "flow {flow}, vouchers {series} {first} to {last}",
)
DIFFERENCES_OF_YEAR = Phrase(
    "infra.differences_of_year",
    "året som slutar {year}, {number:count} skillnader",
    "the year that ends on {year}, {number:count} differences",
)
BYTES_OF_YEAR = Phrase(
    "infra.bytes_of_year",
    "året som slutar {year}, {size:count} byte",
    "the year that ends on {year}, {size:count} bytes",
)

WORDS: Final[Mapping[str, Said]] = catalogue("infra", vars())
