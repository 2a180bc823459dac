"""What is set for Alexis HR, in the environment."""

from pydantic import Field

from infra.settings import Guarded, SinkSettings


class AlexisHRSettings(SinkSettings):
    """Alexis HR. Each company's access token is kept with its connection."""

    api_url: Guarded = "https://api.alexishr.com/v1"
    budget: int = Field(default=20, ge=1, le=25, description="requests in any 5 seconds, per company: our politeness")
    poll_seconds: float = Field(default=20.0, gt=0, description="between two questions for what changed")
    overlap_seconds: float = Field(default=120.0, ge=0, description="each question reaches back behind the last one")
    leave_seconds: float = Field(default=60.0, gt=0, description="between two readings of the leaves")
    leave_days: int = Field(default=60, ge=1, description="leaves that ended longer ago are not looked at any more")
    page_size: int = Field(default=500, ge=2, description="records asked for at once; no limit of theirs is published")
