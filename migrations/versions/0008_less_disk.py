"""Bodies packed against an earlier one of their fund: the files of two days are nearly the same."""

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa
import zstandard
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

LEVEL = 3
ALIKE = 0.35
LARGEST = 4 * 1024 * 1024  # bytes of a body that is packed anew, or that others are packed against

archive = sa.table("archive", *(sa.column(name) for name in ("sha256", "size", "body", "base")))
snapshot = sa.table("snapshot", *(sa.column(name) for name in ("fund", "id", "sha256")))


def upgrade() -> None:
    op.execute(
        sa.text(
            "ALTER TABLE archive ADD COLUMN base VARCHAR(64)"
            " CONSTRAINT fk_archive_base_archive REFERENCES archive (sha256)"
        )
    )
    conn, needed = op.get_bind(), set[str]()
    for fund in conn.execute(sa.select(snapshot.c.fund).distinct().order_by(snapshot.c.fund)).scalars().all():
        repack(conn, fund, needed)


def repack(conn: sa.Connection, fund: int, needed: set[str]) -> None:
    """The bodies of one fund, oldest first; what others are packed against stays whole, and is added to `needed`."""
    base, raw, full = "", b"", 0
    for sha256, body in bodies(conn, fund):
        packed = None
        if base and sha256 not in needed and len(body) <= 4 * len(raw):
            given = zstandard.ZstdCompressionDict(raw, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
            packed = zstandard.ZstdCompressor(level=LEVEL, dict_data=given).compress(body)
        if packed is not None and len(packed) <= ALIKE * full:
            conn.execute(sa.update(archive).where(archive.c.sha256 == sha256).values(body=packed, base=base))
            needed.add(base)
            continue
        full = len(zstandard.compress(body, LEVEL))
        base, raw = (sha256, body) if body and 10 * full <= 9 * len(body) else ("", b"")


def bodies(conn: sa.Connection, fund: int) -> Iterator[tuple[str, bytes]]:
    """Hash and bytes of the fund's files that are neither too large nor packed already. One that cannot be unpacked
    stays as it is: `db check` speaks of it."""
    files = sa.select(snapshot.c.sha256).where(snapshot.c.fund == fund).order_by(snapshot.c.id)
    for sha256 in dict.fromkeys(conn.execute(files).scalars().all()):
        row = conn.execute(
            sa.select(archive.c.size, archive.c.body).where(
                archive.c.sha256 == sha256, archive.c.base.is_(None), archive.c.size <= LARGEST
            )
        ).first()
        if row is None:
            continue
        try:
            body = zstandard.ZstdDecompressor().stream_reader(bytes(row.body)).read(row.size + 1)
        except (TypeError, zstandard.ZstdError):
            continue
        if hashlib.sha256(body).hexdigest() == sha256:
            yield sha256, body
