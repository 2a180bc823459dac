"""Work that pages begin and that goes on after their answer: how far it has come."""

from alembic import op

revision = "0016"
down_revision = "0015"

_TASKS = """
create table tasks (
    task_id uuid primary key,
    tenant varchar not null,
    kind varchar not null,
    state varchar not null,
    begun_by varchar not null,
    begun_at timestamptz not null,
    seen_at timestamptz not null,
    ended_at timestamptz,
    said_sv varchar not null default '',
    said_en varchar not null default '',
    done integer not null default '0',
    total integer not null default '0',
    result varchar not null default '',
    why varchar not null default ''
);
comment on table tasks is 'work that pages begin, and how far it has come; written by the process that does it';
comment on column tasks.state is 'running, done, failed, died';
comment on column tasks.said_sv is 'the step that it is at';
comment on column tasks.total is '0: it is not known';
comment on column tasks.result is 'what it has made';
comment on column tasks.why is 'what went wrong';
create unique index tasks_running on tasks (tenant, kind) where state = 'running';
create index tasks_begun on tasks (tenant, kind, begun_at);
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_TASKS)
