"""Where what opens a way in is sent: of what was given before, where the settings in force say, and nowhere else."""

from alembic import op

revision = "0031"
down_revision = "0030"

_ADD = """
alter table way_secrets add column destination varchar not null default '';
comment on column way_secrets.destination is 'the only user, host and port that it is sent to';
"""
_FILL = """
update way_secrets kept
set destination = way.folder ->> 'user' || '@' || replace(
        case when way.folder ->> 'host' like '%:%' then '[host]' else 'host' end, 'host', lower(way.folder ->> 'host')
    ) || ':' || coalesce(way.folder ->> 'port', '22')
from settings, jsonb_array_elements(settings.body -> 'ways_in' -> 'sftp') as way(folder)
where settings.tenant = kept.tenant and way.folder ->> 'name' = kept.way
"""


def upgrade() -> None:
    """Make the column, and bind what was given to where it was sent until now."""
    op.execute(_ADD)
    op.execute(_FILL)
