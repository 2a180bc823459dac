"""What open pages of the desk ask for every other second, and page by page, is found without reading all there is."""

from alembic import op

revision = "0017"
down_revision = "0016"

_INDEXES = """
drop index held_open;
create index held_open on held (tenant, held_at, hold_id) where closed_at is null;
create index held_closed on held (tenant, held_at, hold_id) where closed_at is not null;
create index dead_letters_open on dead_letters (tenant, found_at) where state = 'open';
create index parked_kept on parked (tenant, number) where state <> 'discarded';
create index audit_booked on audit (tenant, id)
    where body ->> 'outcome' in ('delivered', 'already_there') and body -> 'voucher' <> 'null';
"""


def upgrade() -> None:
    """Make the indexes."""
    op.execute(_INDEXES)
