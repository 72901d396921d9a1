"""Less disk: bodies packed against an earlier one of their fund, events and items as columns and a packed rest.

Documents are packed by themselves here. `db rebuild` makes them anew, and smaller.
"""

import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

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


KINDS = (
    "INITIATED", "INITIATED_AT_ISSUER", "RE_ENTERED", "RESUMED", "EXITED", "INCREASED", "DECREASED", "SPLIT",
    "IDENTIFIER_CHANGE", "TICKER_CHANGED", "RENAMED", "SUCCESSOR", "CONVERTED", "POSSIBLE_CONVERSION",
    "SPIN_OFF_RECEIVED", "CRUMB_REMOVED", "REBALANCE", "FUND_CLOSED", "FLIPPED", "ROLLED", "MATURED",
    "CORPORATE_ACTION", "CASH_VEHICLE",
)  # fmt: skip
SEVERITIES, CONFIDENCES = ("high", "normal", "low"), ("high", "low")
VERBATIM = "\x1f"  # before a claim that may hold marks
BATCH = 500
INDEXES = {
    "event": (("issuer", "day"), ("fund", "as_of"), ("security", "as_of"), ("as_of",)),
    "item": (("issuer", "day"), ("security", "as_of"), ("as_of",)),
}


def upgrade() -> None:
    for view in sa.inspect(op.get_bind()).get_view_names():
        op.execute(sa.text(f'DROP VIEW "{view}"'))
    bodies_packed()
    for name in ("event", "item"):
        documents(name)
    views()


def views() -> None:
    """The views as they are at this revision."""
    folder = Path(__file__).parent.parent / "sql"
    text = (folder / f"{revision}_{op.get_bind().dialect.name}.sql").read_text("utf-8")
    for statement in text.split(";\n"):
        if statement.strip():
            op.execute(sa.text(statement.replace(":", "\\:")))


# --- documents -----------------------------------------------------------------------------------


def documents(name: str) -> None:
    """Makes the table of events or items anew, with what its documents said."""
    for columns in INDEXES[name]:
        op.drop_index(f"ix_{name}_{'_'.join(columns)}", table_name=name)
    if op.get_bind().dialect.name == "postgresql":
        for constraint in (f"pk_{name}", f"fk_{name}_issuer_issuer", f"fk_{name}_security_security"):
            op.drop_constraint(constraint, name)
    op.rename_table(name, f"{name}_before")
    new = op.create_table(name, *columns_of(name))
    old = sa.table(f"{name}_before", *map(sa.column, ("id", "issuer", "fund", "security", "day", "body")))
    taken = [old.c[one] for one in ("id", "issuer", "security", "day", "body")] + (
        [old.c.fund] if name == "event" else []
    )
    conn = op.get_bind()
    found = conn.execute(sa.select(*taken).order_by(old.c.day, old.c.id), execution_options={"yield_per": BATCH})
    for rows in found.partitions():
        conn.execute(sa.insert(new), [converted(name, row) for row in rows])
    op.drop_table(f"{name}_before")
    for columns in INDEXES[name]:
        op.create_index(f"ix_{name}_{'_'.join(columns)}", name, list(columns))


def columns_of(name: str) -> list[sa.schema.SchemaItem]:
    """The new columns of the table and its keys."""
    references = ["issuer", "fund", "security"] if name == "event" else ["issuer", "security"]
    found: list[sa.schema.SchemaItem] = [sa.Column("id", sa.String(20), nullable=False)]
    found += [sa.Column(one, sa.Integer(), nullable=False) for one in references]
    if name == "item":
        found.insert(2, sa.Column("funds", sa.Text(), nullable=False))
    found += [
        sa.Column("listing", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("ticker", sa.Text(), nullable=True),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("as_of", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("session_from", sa.Integer(), nullable=True),
        sa.Column("session_to", sa.Integer(), nullable=True),
        sa.Column("known_at", sa.BigInteger(), nullable=True),
        sa.Column("shares_before", sa.Numeric(), nullable=True),
        sa.Column("shares_after", sa.Numeric(), nullable=True),
        sa.Column("active_shares", sa.Numeric(), nullable=True),
        sa.Column("value", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("weight_before", sa.Numeric(), nullable=True),
        sa.Column("weight_after", sa.Numeric(), nullable=True),
        sa.Column("last_held", sa.Integer(), nullable=True),
        sa.Column("last_material", sa.Integer(), nullable=True),
        sa.Column("absence_sessions", sa.Integer(), nullable=True),
        sa.Column("absence_days", sa.Integer(), nullable=True),
        sa.Column("uncovered_sessions", sa.Integer(), nullable=True),
        sa.Column("claim", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.SmallInteger(), nullable=False),
        sa.Column("rest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
    ]
    found += [sa.ForeignKeyConstraint([one], [f"{one}.id"], name=f"fk_{name}_{one}_{one}") for one in references]
    return found


def converted(name: str, row: sa.Row[Any]) -> dict[str, object]:
    """The row of a document: its columns, and the whole document packed by itself."""
    tree = json.loads(row.body)
    security, sessions, gone = tree.get("security") or {}, tree.get("pos_session") or {}, tree.get("absence") or {}
    claim, packing = str(tree.get("claim") or ""), zlib.compressobj(6, zlib.DEFLATED, -13)
    packed = b"\0" + packing.compress(row.body.encode()) + packing.flush()
    owner = {"fund": row.fund} if name == "event" else {"funds": ", ".join(tree.get("funds") or ())}
    return owner | {
        "id": row.id,
        "issuer": row.issuer,
        "security": row.security,
        "name": str(security.get("name") or ""),
        "ticker": security.get("ticker"),
        "kind": KINDS.index(tree["kind"]),
        "as_of": day(tree["as_of"]),
        "day": row.day,
        "session_from": day(sessions.get("from")),
        "session_to": day(sessions.get("to")),
        "known_at": micros(tree.get("known_at")),
        "shares_before": exact(tree.get("shares_before")),
        "shares_after": exact(tree.get("shares_after")),
        "active_shares": exact(tree.get("active_shares")),
        "value": None if tree.get("value") is None else round(tree["value"] * 100),
        "currency": tree.get("currency") or "",
        "weight_before": scaled(tree.get("weight_before")),
        "weight_after": scaled(tree.get("weight_after")),
        "last_held": day(gone.get("last_held")),
        "last_material": day(gone.get("last_material")),
        "absence_sessions": gone.get("sessions"),
        "absence_days": gone.get("days"),
        "uncovered_sessions": gone.get("uncovered_sessions"),
        "claim": VERBATIM + claim if min(claim, default=" ") < " " else claim,
        "score": tree.get("score") or 0,
        "severity": SEVERITIES.index(tree.get("severity") or "low"),
        "confidence": CONFIDENCES.index(tree.get("confidence") or "high"),
        "rest": packed,
    }


def day(text: str | None) -> int | None:
    """Days since 1970."""
    return None if text is None else (date.fromisoformat(text) - date(1970, 1, 1)).days


def micros(text: str | None) -> int | None:
    """Microseconds since 1970."""
    if text is None:
        return None
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def exact(value: float | None) -> Decimal | None:
    """The number a JSON document has."""
    return None if value is None else Decimal(repr(value))


def scaled(weight: float | None) -> Decimal | None:
    """10^-4 percent points."""
    return None if weight is None else Decimal(repr(weight)) * 10_000


# --- bodies --------------------------------------------------------------------------------------


def bodies_packed() -> None:
    """Packs the files of each fund against an earlier one."""
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
