"""Records that their reader cannot handle wait in a place of their own."""

from alembic import op

revision = "0004"
down_revision = "0003"

_PARKED = """
create table parked (
    number bigserial not null,
    reader varchar not null,
    tenant varchar not null,
    topic varchar not null,
    partition integer not null,
    "offset" bigint not null,
    recorded_at timestamptz not null,
    record_key bytea,
    record_value bytea,
    about varchar not null,
    fact_id varchar not null,
    state varchar not null,
    code varchar not null,
    rule varchar not null,
    reason varchar not null,
    attempts integer not null,
    tried varchar[] not null,
    parked_at timestamptz not null,
    primary key (number)
);
create unique index parked_place on parked (reader, topic, partition, "offset");
create index parked_waiting on parked (reader, tenant, number) where state = 'waiting';
create index parked_about on parked (tenant, about);
comment on table parked is
    'records that their reader cannot handle, and what comes later of the same company; written by each reader';
comment on column parked.number is 'their order';
comment on column parked.reader is 'flows, sinks-fortnox, desk, ...';
comment on column parked.about is 'the business key';
comment on column parked.state is 'waiting, set_aside, discarded';
comment on column parked.code is 'what was raised; empty: it waits behind another';
comment on column parked.rule is 'the function that raised';
comment on column parked.reason is 'in words that hold no values';
comment on column parked.tried is 'the code, in versions of bokbuss, that has tried it';
"""


def upgrade() -> None:
    """Make the table."""
    op.execute(_PARKED)
