"""What is set for Toy HR, in the environment."""

from pydantic import Field

from infra.settings import Guarded, SinkSettings


class ToyHRSettings(SinkSettings):
    """Toy HR. Each company's access token is kept with its connection."""

    api_url: Guarded = "https://api.toyhr.example/v1"
    budget: int = Field(default=20, ge=1, le=25, description="requests in any 5 seconds, per company: our politeness")
