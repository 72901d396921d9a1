"""Runs migrations on the connection it is given: `monitor.store.migrate` opens, locks and commits.

Migrations never import `monitor`: they describe the past, which must not change when the program does.
Each is one file `versions/NNNN_words.py` whose revision is its number.
"""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrations are run by: holdings-monitor db upgrade")

context.configure(connection=connection, render_as_batch=True)
context.run_migrations()
