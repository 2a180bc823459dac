"""What every message has in common: frozen, strict, and closed to unknown fields."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Message(BaseModel):
    """A value that crosses Kafka. Unknown fields are errors: a misspelt amount must be loud."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, ser_json_bytes="base64", val_json_bytes="base64"
    )

    def to_json(self) -> dict[str, Any]:
        """Return the message as JSON values (amounts and dates as strings)."""
        return self.model_dump(mode="json")


Code = Annotated[str, StringConstraints(pattern=r"^[\w.+&() /\-]{1,64}$", strip_whitespace=False)]
"""A short name that people gave: a store, a product group, a means of payment."""

TenantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9\-]{0,62}$")]
"""A company's name in bokbuss: lower-case letters, digits and hyphens."""

Account = Annotated[int, Field(ge=1000, le=9999)]
"""A number of the chart of accounts; Fortnox takes 1000 to 9999."""

CostCentre = Annotated[str, StringConstraints(pattern=r"^[\w\-]{1,6}$")]
"""A cost centre's code in Fortnox: 1 to 6 characters."""

SeriesCode = Annotated[str, StringConstraints(pattern=r"^[\w]{1,10}$")]
"""A voucher series' code in Fortnox: 1 to 10 characters."""
