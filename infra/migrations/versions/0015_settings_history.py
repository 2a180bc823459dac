"""Every version of a company's settings is kept, and what a flow remembers is found by the day that its key names."""

from alembic import op

revision = "0015"
down_revision = "0014"

_HISTORY = """
create table settings_history (
    tenant varchar not null,
    version integer not null,
    body jsonb not null,
    applied_by varchar not null,
    applied_at timestamptz not null,
    primary key (tenant, version)
);
comment on table settings_history is 'every version of the settings that took effect; written by flows with settings';
insert into settings_history select tenant, version, body, applied_by, applied_at from settings;
create index flow_state_day on flow_state
    (flow, tenant, substring(key from '/([0-9]{4}-[0-9]{2}-[0-9]{2})(/[0-9]+)?$'));
"""


def upgrade() -> None:
    """Begin the history with the settings in force."""
    op.execute(_HISTORY)
