"""Every fetched body, kept once under its SHA-256 and compressed. It does not know what a body says."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from monitor.core.errors import StoreError
from monitor.store.codec import instant_text
from monitor.store.engine import Connection, insert_new
from monitor.store.packing import LARGEST_BODY, LARGEST_REFERENCE, Reference, pack, pack_like, unpack
from monitor.store.schema import archive, snapshot

KEPT = 16 * 1024 * 1024  # bytes of references in memory


class References:
    """The bodies against which others are packed, the last used ones in memory. For one transaction only: what was
    stored in it is gone when it is undone."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self._funds: dict[int, str | None] = {}
        self._whole: OrderedDict[str, Reference] = OrderedDict()
        self._bytes = 0

    def of_fund(self, fund: int) -> Reference | None:
        """What new files of the fund are packed against; None while it has none that can be used."""
        if fund not in self._funds:
            newest = select(archive.c.base, archive.c.sha256, archive.c.size).join(
                snapshot, snapshot.c.sha256 == archive.c.sha256
            )
            query = newest.where(snapshot.c.fund == fund).order_by(snapshot.c.id.desc()).limit(1)
            row = self._conn.execute(query).first()
            small = row is not None and (row.base is not None or row.size <= LARGEST_REFERENCE)
            self._funds[fund] = (row.base or row.sha256) if row is not None and small else None
        sha256 = self._funds[fund]
        try:
            return None if sha256 is None else self.whole(sha256)
        except StoreError:  # it is damaged, as `db check` says; the new file is not
            return None

    def whole(self, sha256: str) -> Reference:
        """The body with this SHA-256, which is not packed against another. Raises StoreError when it is."""
        if sha256 in self._whole:
            self._whole.move_to_end(sha256)
            return self._whole[sha256]
        size, packed, base = _row(self._conn, sha256)
        if base is not None or size > LARGEST_REFERENCE:
            raise StoreError(f"The archived file {sha256} cannot be a reference of others: the database is damaged.")
        reference = Reference(sha256, unpack(sha256, size, packed), len(packed))
        self._keep(reference)
        return reference

    def use(self, fund: int, reference: Reference) -> None:
        """From now on files of the fund are packed against this one."""
        self._funds[fund] = reference.sha256
        self._keep(reference)

    def _keep(self, reference: Reference) -> None:
        self._whole[reference.sha256] = reference
        self._bytes += len(reference.body)
        while self._bytes > KEPT and len(self._whole) > 1:
            _, oldest = self._whole.popitem(last=False)
            self._bytes -= len(oldest.body)


def put(
    conn: Connection, body: bytes, now: datetime, sha256: str = "", *, like: tuple[References, int] | None = None
) -> str:
    """The SHA-256 of `body` (given where it is known already), which is in the archive afterwards, once. `like` names
    the fund whose files it resembles, with the references of this transaction."""
    if len(body) > LARGEST_BODY:
        raise StoreError(f"A body of {len(body):,} bytes is too large to be kept (limit {LARGEST_BODY:,}).")
    sha256 = sha256 or hashlib.sha256(body).hexdigest()
    if conn.execute(select(archive.c.size).where(archive.c.sha256 == sha256)).first() is None:
        reference = None if like is None else like[0].of_fund(like[1])
        packed = None if reference is None else pack_like(body, reference)
        base = None if reference is None or packed is None else reference.sha256
        packed = pack(body) if packed is None else packed
        row = {"sha256": sha256, "size": len(body), "body": packed, "stored_at": instant_text(now), "base": base}
        insert_new(conn, archive, [row])
        if like is not None and base is None and len(body) <= LARGEST_REFERENCE:
            like[0].use(like[1], Reference(sha256, body, len(packed)))
    return sha256


def get(conn: Connection, sha256: str) -> bytes:
    """The body with this SHA-256, unpacked and verified."""
    return _unpacked(sha256, *_row(conn, sha256), References(conn))


def faults(conn: Connection) -> Iterator[StoreError]:
    """What is wrong in the archive: every body must unpack to the bytes that its SHA-256 promises."""
    references = References(conn)
    query = select(archive.c.sha256, archive.c.size, archive.c.body, archive.c.base).order_by(archive.c.sha256)
    for sha256, size, packed, base in conn.execute(query, execution_options={"yield_per": 100}):
        try:
            _unpacked(sha256, size, packed, base, references)
        except StoreError as error:
            yield error


def _unpacked(sha256: str, size: int, packed: bytes, base: str | None, references: References) -> bytes:
    return unpack(sha256, size, packed, None if base is None else references.whole(base).body)


def _row(conn: Connection, sha256: str) -> tuple[int, bytes, str | None]:
    query = select(archive.c.size, archive.c.body, archive.c.base).where(archive.c.sha256 == sha256)
    row = conn.execute(query).first()
    if row is None:
        raise StoreError(f"No file with SHA-256 {sha256} is in the archive.")
    return row.size, row.body, row.base
