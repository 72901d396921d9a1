"""Every fetched body, kept once under its SHA-256 and compressed. It does not know what a body says."""

from __future__ import annotations

import hashlib
import io
from datetime import datetime

import zstandard
from sqlalchemy import select

from monitor.core.errors import StoreError
from monitor.store.codec import instant_text
from monitor.store.engine import Connection, insert_new
from monitor.store.schema import archive

LARGEST_BODY = 512 * 1024 * 1024  # bytes; far above any holdings file, below what would hurt a small machine


def put(conn: Connection, body: bytes, now: datetime, sha256: str = "") -> str:
    """The SHA-256 of `body` (given where it is known already), which is in the archive afterwards, once."""
    if len(body) > LARGEST_BODY:
        raise StoreError(f"A body of {len(body):,} bytes is too large to be kept (limit {LARGEST_BODY:,}).")
    sha256 = sha256 or hashlib.sha256(body).hexdigest()
    if conn.execute(select(archive.c.size).where(archive.c.sha256 == sha256)).first() is None:
        row = {"sha256": sha256, "size": len(body), "body": zstandard.compress(body, 9), "stored_at": instant_text(now)}
        insert_new(conn, archive, [row])
    return sha256


def get(conn: Connection, sha256: str) -> bytes:
    """The body with this SHA-256, unpacked and verified."""
    row = conn.execute(select(archive.c.size, archive.c.body).where(archive.c.sha256 == sha256)).first()
    if row is None:
        raise StoreError(f"No file with SHA-256 {sha256} is in the archive.")
    return unpack(sha256, row.size, row.body)


def unpack(sha256: str, size: int, packed: bytes) -> bytes:
    """The bytes of an archive row; never more than the row says they are, so a bomb cannot go off."""
    if not 0 <= size <= LARGEST_BODY:
        raise StoreError(f"The archived file {sha256} claims {size:,} bytes: the database is damaged.")
    try:
        with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(io.BytesIO(packed)) as reader:
            body = reader.read(size + 1)
    except zstandard.ZstdError as error:
        raise StoreError(f"The archived file {sha256} cannot be unpacked: {error}") from error
    if len(body) != size or hashlib.sha256(body).hexdigest() != sha256:
        raise StoreError(f"The archived file {sha256} does not match its SHA-256: the database is damaged.")
    return body
