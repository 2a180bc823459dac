"""Documents of vouchers, and links that ask for them as well."""

from alembic import op

revision = "0008"
down_revision = "0007"

_DOCUMENTS = """
create table documents (
    tenant varchar not null,
    year_to date not null,
    series varchar not null,
    number varchar not null,
    source_id varchar not null,
    module varchar not null,
    sha256 varchar,
    size bigint,
    type varchar not null default '',
    note varchar not null default '',
    listed_at timestamptz not null,
    read_at timestamptz,
    primary key (tenant, year_to, series, number, source_id)
);
comment on table documents is
    'documents of vouchers; written by whoever reads them, after their contents are stored';
comment on column documents.year_to is 'the last day of the voucher''s financial year';
comment on column documents.number is 'empty: the note is about all of the module in this year';
comment on column documents.source_id is 'the document''s id at its system';
comment on column documents.module is 'accounting, suppliers, billing';
comment on column documents.sha256 is
    'of its content, which is stored under it; none while it waits or is missing';
comment on column documents.type is 'as the first bytes tell it';
comment on column documents.note is 'why it is missing';
create index documents_source on documents (tenant, source_id);
"""

_LINKS = """
alter table activation_links add column documents boolean not null default false;
comment on column activation_links.documents is 'documents are asked for as well';
"""


def upgrade() -> None:
    """Make the table, and widen the one of the links."""
    op.execute(_DOCUMENTS)
    op.execute(_LINKS)
