"""Alembic's way in: it gets a connection from ``infra.store.prepare``."""

from alembic import context

from infra.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
