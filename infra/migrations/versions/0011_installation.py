"""Which installation a database is of, where it lies, and what is fenced off after it was restored."""

from alembic import op

revision = "0011"
down_revision = "0010"

_INSTALLATION = """
create table installation (
    id integer not null primary key,
    installation uuid not null,
    epoch bigint not null,
    place varchar not null,
    written_by varchar not null,
    pulse bigint not null,
    pulsed_at timestamptz not null,
    targets jsonb not null,
    writing boolean not null,
    fenced_at timestamptz,
    since timestamptz,
    noticed varchar not null default ''
);
comment on table installation is
    'which installation this is, and whether it is the database that we left; written by every role';
comment on column installation.id is '1: there is one';
comment on column installation.epoch is 'how often it was restored';
comment on column installation.place is 'server, timeline, database and table, as PostgreSQL names them';
comment on column installation.written_by is 'the transaction that wrote this row: another one has if it was copied';
comment on column installation.pulse is 'one more every few seconds; Kafka is told';
comment on column installation.targets is 'where each system is that orders are carried out in';
comment on column installation.writing is 'false: what happened after the backup is not taken in yet';
comment on column installation.fenced_at is 'an order of a fact that Kafka had before is looked for before it is sent';
comment on column installation.since is 'when the backup was made that was restored last';
comment on column installation.noticed is 'how a restore was noticed';
"""

_FENCED = """
create table fenced (
    tenant varchar not null primary key,
    state varchar not null,
    found jsonb not null default '{}',
    closed_at timestamptz not null,
    opened_at timestamptz,
    opened_by varchar not null default ''
);
comment on table fenced is 'companies of a database that was restored; written by roles, and by bokbuss fence';
comment on column fenced.state is 'closed, held, open';
comment on column fenced.found is 'what was found of it in Kafka and in the books';
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(_INSTALLATION)
    op.execute(_FENCED)
