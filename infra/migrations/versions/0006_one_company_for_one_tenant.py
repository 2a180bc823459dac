"""A company at Fortnox belongs to one tenant; where two had the same one, both wait for a consent."""

from alembic import op

revision = "0006"
down_revision = "0005"

_WRONG_COMPANY = """
alter table connections add column opened bigint;
comment on column connections.opened is 'another company''s number, which its tokens open; until a new consent';

alter table activation_links add column another boolean default false not null;
comment on column activation_links.another is 'another company than before may consent';
"""

_DOUBLED = """
update tenants t set database_number = null from connections c
    where c.tenant = t.tenant and c.system = 'fortnox' and c.state = 'disconnected'
    and exists (select from tenants o where o.database_number = t.database_number and o.tenant <> t.tenant);
create temporary table doubled on commit drop as
    select t.tenant, t.database_number, string_agg(o.tenant, ', ' order by o.tenant) as others
    from tenants t join tenants o on o.database_number = t.database_number and o.tenant <> t.tenant
    group by 1, 2;
insert into connections (tenant, system, grant_type, state, changed_at)
    select tenant, 'fortnox', 'client_credentials', 'needs_consent', clock_timestamp() from doubled
    on conflict do nothing;
update connections c set state = 'needs_consent', opened = d.database_number, generation = generation + 1,
        reason = 'company ' || d.database_number || ' at fortnox was connected to ' || d.others || ' as well',
        access = null, access_until = null, renew_at = null, refresh = null, refresh_until = null, renewer = '',
        renewing_until = null, asked_at = null, changed_at = clock_timestamp()
    from doubled d where c.tenant = d.tenant and c.system = 'fortnox';
update tenants t set database_number = null from doubled d where d.tenant = t.tenant;
alter table tenants add constraint tenants_database_number_key unique (database_number);
comment on column tenants.database_number is 'Fortnox''s own id of the company: one of ours has it';
"""

_DOUBTS = """
create index journal_unknown on journal (sink, tenant) where state = 'unknown';
"""


def upgrade() -> None:
    """Stop whoever shares a company at Fortnox, and let nobody do so again."""
    op.execute(_WRONG_COMPANY)
    op.execute(_DOUBLED)
    op.execute(_DOUBTS)
