"""A key for each person's values, and who was erased."""

from alembic import op

revision = "0024"
down_revision = "0023"
works_from = "0024"
"""What is written from here on is sealed: a version of before reads none of it."""

_PEOPLE = """
create table person_keys (
    tenant varchar not null,
    record varchar not null,
    key_id varchar not null unique,
    locked bytea not null,
    made_at timestamptz not null,
    primary key (tenant, record)
);
comment on table person_keys is 'what each person''s values are sealed under; written with the first of them';
comment on column person_keys.record is 'the key of a person, or of an employee in the books';
comment on column person_keys.key_id is 'as seals name it';
comment on column person_keys.locked is 'the key, encrypted';
create table erasures (
    tenant varchar not null,
    record varchar not null,
    erased_at timestamptz not null,
    erased_by varchar not null,
    released_at timestamptz,
    released_by varchar not null default '',
    primary key (tenant, record)
);
comment on table erasures is 'whose keys were dropped: nothing new is taken in of them; written by the desk';
"""


def upgrade() -> None:
    """Make the tables."""
    op.execute(_PEOPLE)
