"""Alerts: where each company wants them told, and what was told of each."""

from alembic import op

revision = "0013"
down_revision = "0012"

_HOOKS = """
create table alert_hooks (
    tenant varchar primary key,
    url bytea,
    secret bytea,
    mail_to varchar not null default '',
    set_by varchar not null,
    set_at timestamptz not null
);
comment on table alert_hooks is 'where a company''s alerts are told; written by bokbuss alerts';
comment on column alert_hooks.url is 'encrypted: an address may hold a token';
comment on column alert_hooks.secret is 'what is sent there is signed with it; encrypted';
comment on column alert_hooks.mail_to is 'addresses, with spaces between them';
"""

_ALERTS = """
create table alerts (
    tenant varchar not null,
    alert varchar not null,
    kind varchar not null,
    about jsonb not null,
    raised_at timestamptz not null,
    ended_at timestamptz,
    told varchar not null default '',
    attempts integer not null default 0,
    given_up boolean not null default false,
    why varchar not null default '',
    due_at timestamptz not null,
    primary key (tenant, alert)
);
comment on table alerts is 'what is wrong with a company, until it is over and that is told; written by the desk';
comment on column alerts.told is 'what was told of it last: raised, ended; empty: nothing';
comment on column alerts.why is 'why it was not taken the last time';
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(_HOOKS)
    op.execute(_ALERTS)
