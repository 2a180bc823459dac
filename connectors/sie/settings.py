"""What is set for SIE files, in the environment."""

from pydantic import BaseModel, ConfigDict, Field

from connectors.sie.reading import Limits


class SieSettings(BaseModel):
    """How large files may be; what is larger is refused before memory is spent on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(default=100_000_000, ge=1, description="bytes of a file")
    objects: int = Field(default=100_000, ge=1, description="accounts, dimensions and objects of a file, together")
    rows: int = Field(default=10_000, ge=1, description="rows of one voucher, which travels in one message")

    @property
    def limits(self) -> Limits:
        """The same for a reader."""
        return Limits(self.size, self.objects, self.rows)
