"""Every fetched body, kept once under its SHA-256 and compressed. It does not know what a body says."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select

from monitor.core.errors import StoreError
from monitor.store.codec import instant_text
from monitor.store.engine import Connection, insert_new
from monitor.store.packing import LARGEST_BODY, LARGEST_REFERENCE, Packer, Reference, pack, unpack
from monitor.store.schema import archive, snapshot
from monitor.store.statements import Among, Statement

KEPT = 16 * 1024 * 1024  # bytes of references in memory
PACKERS, LARGEST_KEPT = 16, 256 * 1024  # kept, and the bytes of the reference of one; it takes several times as much

_Row = tuple[int, bytes, str | None]  # size, packed body, the body it is packed against
_NEWEST = Statement(
    select(archive.c.base, archive.c.sha256, archive.c.size)
    .join(snapshot, snapshot.c.sha256 == archive.c.sha256)
    .where(snapshot.c.fund == bindparam("fund"))
    .order_by(snapshot.c.id.desc())
    .limit(1)
)
_STORED = Statement(select(archive.c.sha256).where(Among(archive.c.sha256, "hashes")))
_BODY = Statement(select(archive.c.size, archive.c.body, archive.c.base).where(archive.c.sha256 == bindparam("sha256")))


class References:
    """The bodies against which others are packed, the last used ones in memory. For one transaction only: what was
    stored in it is gone when it is undone."""

    def __init__(self, conn: Connection, new: Mapping[str, _Row] | None = None) -> None:
        self._conn = conn
        self._new = new if new is not None else {}  # bodies that are not stored yet
        self._funds: dict[int, str | None] = {}
        self._whole: OrderedDict[str, Reference] = OrderedDict()
        self._bytes = 0

    def of_fund(self, fund: int) -> Reference | None:
        """What new files of the fund are packed against; None while it has none that can be used."""
        if fund not in self._funds:
            self._funds[fund] = None
            for base, sha256, size in _NEWEST.rows(self._conn, fund=fund):
                if base is not None or size <= LARGEST_REFERENCE:
                    self._funds[fund] = base or sha256
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
        size, packed, base = self._new[sha256] if sha256 in self._new else _row(self._conn, sha256)
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


class Incoming:
    """Bodies on their way into the archive: packed, and not written before `write`."""

    def __init__(self, conn: Connection, references: References | None = None) -> None:
        self._conn = conn
        self._rows: dict[str, _Row] = {}
        self._times: dict[str, str] = {}
        self._stored: dict[str, bool] = {}
        self._references = References(conn, self._rows) if references is None else references
        self._packers: dict[str, Packer] = {}

    def expect(self, hashes: Iterable[str]) -> None:
        """Looks up at once which of these are stored."""
        unknown = [one for one in dict.fromkeys(hashes) if one not in self._stored]
        if unknown:
            self._stored.update(dict.fromkeys(unknown, False))
            self._stored.update((sha256, True) for (sha256,) in _STORED.rows(self._conn, hashes=unknown))

    def put(self, body: bytes, now: datetime, sha256: str = "", *, fund: int | None = None) -> str:
        """The SHA-256 of `body` (given where it is known already), which will be in the archive, once. It resembles
        the files of `fund`."""
        if len(body) > LARGEST_BODY:
            raise StoreError(f"A body of {len(body):,} bytes is too large to be kept (limit {LARGEST_BODY:,}).")
        sha256 = sha256 or hashlib.sha256(body).hexdigest()
        self.expect([sha256])
        if self._stored[sha256] or sha256 in self._rows:
            return sha256
        reference = None if fund is None else self._references.of_fund(fund)
        packed = None if reference is None else self._packer(reference).pack(body)
        base = None if reference is None or packed is None else reference.sha256
        packed = pack(body) if packed is None else packed
        self._rows[sha256], self._times[sha256] = (len(body), packed, base), instant_text(now)
        if fund is not None and base is None and len(body) <= LARGEST_REFERENCE:
            self._references.use(fund, Reference(sha256, body, len(packed)))
        return sha256

    def _packer(self, reference: Reference) -> Packer:
        """One for all files of a fund that come together, unless it is large."""
        found = self._packers.get(reference.sha256)
        if found is None:
            found = Packer(reference)
            if len(self._packers) >= PACKERS:
                self._packers.clear()
            if len(reference.body) <= LARGEST_KEPT:
                self._packers[reference.sha256] = found
        return found

    def get(self, sha256: str) -> bytes:
        """The body with this SHA-256, stored or about to be, unpacked and verified."""
        row = self._rows[sha256] if sha256 in self._rows else _row(self._conn, sha256)
        return _unpacked(sha256, *row, self._references)

    def write(self, conn: Connection) -> None:
        """Stores what is new, bodies before those packed against them, in one order whatever came first."""
        ordered = sorted(self._rows, key=lambda sha256: (self._rows[sha256][2] is not None, sha256))
        rows = []
        for sha256 in ordered:
            size, packed, base = self._rows[sha256]
            stored_at = self._times[sha256]
            rows.append({"sha256": sha256, "size": size, "body": packed, "stored_at": stored_at, "base": base})
        insert_new(conn, archive, rows)


def put(conn: Connection, body: bytes, now: datetime, *, like: tuple[References, int] | None = None) -> str:
    """The SHA-256 of `body`, which is in the archive afterwards, once. `like` names the fund whose files it resembles,
    with the references of this transaction."""
    references, fund = like if like is not None else (None, None)
    incoming = Incoming(conn, references)
    sha256 = incoming.put(body, now, fund=fund)
    incoming.write(conn)
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


def _row(conn: Connection, sha256: str) -> _Row:
    for size, packed, base in _BODY.rows(conn, sha256=sha256):
        return size, packed, base
    raise StoreError(f"No file with SHA-256 {sha256} is in the archive.")
