"""What questions about one security or one name need: indexes that lead to it without reading all of a table."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_sighting_security", "sighting", ["security"], unique=False)
    op.create_index("ix_link_earlier", "link", ["earlier"], unique=False)
    op.create_index("ix_link_later", "link", ["later"], unique=False)
    pattern = "text_pattern_ops" if op.get_bind().dialect.name == "postgresql" else ""
    for column in ("ticker", "name"):
        name = f"ix_listing_{column}_folded"
        op.execute(sa.text(f"CREATE INDEX {name} ON listing (upper({column}) {pattern})"))
