"""What is set for Huma, in the environment."""

from pydantic import Field

from infra.settings import Guarded, SinkSettings


class HumaSettings(SinkSettings):
    """Huma. Each company's client id and secret are kept with its connection."""

    api_url: Guarded = "https://openapi.humahr.com"
    budget: int = Field(default=24, ge=1, le=25, description="requests in any 5 seconds, per company")
    due_seconds: float = Field(default=30.0, gt=0, description="between two looks whether people are due to be read")
