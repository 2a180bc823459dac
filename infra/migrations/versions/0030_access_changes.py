"""Who was let into what: a row for each change, which nothing takes away."""

from alembic import op

revision = "0030"
down_revision = "0029"

_TABLE = """
create table access_changes (
    number bigserial primary key,
    at timestamptz not null,
    tenant varchar not null,
    what varchar not null,
    subject varchar not null,
    value varchar not null,
    by varchar not null
);
comment on table access_changes is
    'who was let into what, by whom; written with each change of a role, an account, or what signs deliveries';
comment on column access_changes.tenant is '*: every company';
comment on column access_changes.what is 'role, account, signing_secret';
comment on column access_changes.subject is 'the address of an account, or the system whose deliveries are signed';
comment on column access_changes.value is 'the role, none where it was taken away; closed, opened, renewed';
create index access_changes_tenant on access_changes (tenant, number);
"""


def upgrade() -> None:
    """Make the table. Who has a role by now is in ``memberships``, with who gave it and when."""
    op.execute(_TABLE)
