"""What Alembic runs: the steps, within the transaction of the connection it is given.

The one who opens the ledger holds the lock and the transaction; nothing here connects to anything.
"""

from alembic import context

from flows.state.ledger.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite changes a table by making it anew
)
context.run_migrations()
