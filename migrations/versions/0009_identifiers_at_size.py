"""`v_identifiers` without a join of all names with all names, which SQLite makes line by line: it says the same."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for view in sa.inspect(op.get_bind()).get_view_names():
        op.execute(sa.text(f'DROP VIEW "{view}"'))
    folder = Path(__file__).parent.parent / "sql"
    text = (folder / f"{revision}_{op.get_bind().dialect.name}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement.replace(":", "\\:")))
