"""What a removed company leaves behind stands under a name of its own, so that its name can be used again."""

from alembic import op

revision = "0005"
down_revision = "0004"

_REMOVED = """
create table removed_tenants (
    tenant varchar not null,
    name varchar not null,
    incarnation integer not null,
    organisation_number varchar,
    database_number bigint,
    created_at timestamptz not null,
    removed_at timestamptz not null,
    removed_by varchar not null,
    primary key (tenant)
);
create unique index removed_tenants_name on removed_tenants (name, incarnation);
comment on table removed_tenants is 'companies that were removed; written by bokbuss tenant';
comment on column removed_tenants.tenant is 'what its rows are kept under: shop.1, the first called shop';

alter table tenants add column incarnation integer default '0' not null;
comment on column tenants.incarnation is 'how many of this name were removed';

alter table journal drop constraint journal_pkey;
alter table journal add primary key (order_id, tenant);
comment on column journal.state is 'queued, sending, unknown, delivered, rejected, withdrawn';
"""


def upgrade() -> None:
    """Keep an order's id once for each company, and not once for all."""
    op.execute(_REMOVED)
