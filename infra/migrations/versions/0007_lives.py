"""Offsets are kept under the name of a life of their topic, and what was decided stays until it has arrived.

What stands in the tables is of the life that is met first, which has the topic's own name.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

_LIVES = """
create table topic_lives (
    topic varchar not null,
    number integer not null,
    topic_id varchar not null,
    cluster_id varchar not null,
    met_at timestamptz not null,
    primary key (topic, number)
);
comment on table topic_lives is
    'the lives of each topic: it was deleted and made anew, or another broker has it; written by readers';
comment on column topic_lives.number is '1: the first that was met';
comment on column topic_lives.topic_id is 'Kafka''s own';
"""

_OUTBOX = """
alter table outbox add column message_id varchar;
update outbox set message_id = convert_from(value, 'UTF8')::jsonb ->> 'id';
alter table outbox alter column message_id set not null;
alter table outbox add column sent_as varchar;
comment on column outbox.sent_as is 'the life of the topic that has it';
comment on table outbox is
    'what was decided and has not arrived yet; written with states and lines, removed by whoever it is for';
drop index outbox_tenant;
create index outbox_unsent on outbox (tenant) where sent_as is null;
create index outbox_message on outbox (message_id);
"""


def upgrade() -> None:
    """Make and widen the tables."""
    op.execute(_LIVES)
    op.execute(_OUTBOX)
