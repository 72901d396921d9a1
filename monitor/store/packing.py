"""Packs and unpacks the bodies of the archive: whole, or against an earlier body that is much like it.

A fund's file of today says nearly what its file of last week says: compressed with that one at hand it takes a third
of the bytes. References are whole themselves, so that a body needs one more row and no chain. It knows no database.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import zstandard

from monitor.core.errors import StoreError

LARGEST_BODY = 512 * 1024 * 1024  # bytes; far above any holdings file, below what would hurt a small machine
LARGEST_REFERENCE = 4 * 1024 * 1024  # bytes; a larger body is no reference: two are in memory at a time
LARGEST_WINDOW = 2**27
LEVEL = 3  # with a reference higher levels save 3 % more for four times the processor time
ALIKE = 0.35  # of the packed reference: what takes more is no longer much like it, and becomes the next reference


@dataclass(frozen=True, slots=True)
class Reference:
    """A whole body that others may be packed against; `packed` is what it takes itself."""

    sha256: str
    body: bytes
    packed: int


def pack(body: bytes) -> bytes:
    """The body, compressed by itself."""
    return zstandard.compress(body, LEVEL)


class Packer:
    """Packs bodies against one reference, which it reads once: that is half of the work. It serves one thread."""

    def __init__(self, reference: Reference) -> None:
        self._whole, self._most = len(reference.body), ALIKE * reference.packed
        # What did not become smaller by itself (a workbook is compressed already) has nothing to give.
        useful = 0 < self._whole <= LARGEST_REFERENCE and 10 * reference.packed <= 9 * self._whole
        self._by = zstandard.ZstdCompressor(level=LEVEL, dict_data=_raw(reference.body)) if useful else None

    def pack(self, body: bytes) -> bytes | None:
        """The body, compressed against the reference; None where that is not worth it."""
        if self._by is None or len(body) > 4 * self._whole:
            return None
        packed = self._by.compress(body)
        return packed if len(packed) <= self._most else None


def unpack(sha256: str, size: int, packed: bytes, reference: bytes | None = None) -> bytes:
    """The bytes of an archive row; never more than the row says they are, so a bomb cannot go off."""
    if not 0 <= size <= LARGEST_BODY:
        raise StoreError(f"The archived file {sha256} claims {size:,} bytes: the database is damaged.")
    given = None if reference is None else _raw(reference)
    try:
        unpacking = zstandard.ZstdDecompressor(max_window_size=LARGEST_WINDOW, dict_data=given)
        with unpacking.stream_reader(io.BytesIO(packed)) as reader:
            body = reader.read(size + 1)
    except zstandard.ZstdError as error:
        raise StoreError(f"The archived file {sha256} cannot be unpacked: {error}") from error
    if len(body) != size or hashlib.sha256(body).hexdigest() != sha256:
        raise StoreError(f"The archived file {sha256} does not match its SHA-256: the database is damaged.")
    return body


def _raw(body: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(body, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
