"""Walks local files, folders and archives for `ingest`, lazily and within limits.

Nothing is written to disk, so names inside archives cannot escape. Nothing is left out silently: what
was not read is a record with its reason.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from monitor.core.errors import MonitorError, UsageError

MIB = 1024 * 1024
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz")
WORKBOOKS = (".xlsx", ".xlsm", ".ods")  # archives in form, read as one file
OTHER_ARCHIVES = (".gz", ".bz2", ".xz", ".7z", ".rar", ".zst", ".tbz2", ".txz", ".jar")
ARCHIVE_MAGIC = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x28\xb5\x2f\xfd",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be read: bytes of one file, bytes and members of one archive, and its expansion."""

    file_bytes: int = 20 * MIB
    archive_bytes: int = 1024 * MIB
    members: int = 200_000
    ratio: int = 200  # unpacked to packed; text tables reach about 30


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that was read. `name` is its path as given, for members `archive!member`, made printable."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class NotRead:
    """Something that was found but not read, and why."""

    name: str
    reason: str


class _TooMuch(MonitorError):
    """An archive unpacks to more than the limits allow."""


def read_paths(paths: Iterable[Path], limits: Limits | None = None) -> Iterator[LocalFile | NotRead]:
    """Everything under `paths`: folders recursively in order of name, archives in their own order (zip: by name).

    Raises UsageError at once when a path does not exist.
    """
    found = list(paths)
    missing = [str(path) for path in found if not path.exists()]
    if missing:
        raise UsageError(f"there is no {', '.join(missing)}")
    return (replace(one, name=printable(one.name)) for one in _all(found, limits or Limits()))


def printable(name: str) -> str:
    r"""A file's name as text that can be stored: a byte that is not UTF-8 reads `\xff`."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _all(paths: list[Path], limits: Limits) -> Iterator[LocalFile | NotRead]:
    for path in paths:
        if path.is_dir():
            yield from _folder(path, limits)
        else:
            yield from _file(path, limits)


def _folder(folder: Path, limits: Limits) -> Iterator[LocalFile | NotRead]:
    try:
        entries = sorted(folder.iterdir(), key=lambda path: path.name)
    except OSError as error:
        yield NotRead(folder.as_posix(), f"cannot be listed: {error.strerror}")
        return
    for entry in entries:
        if entry.name.startswith("."):
            yield NotRead(entry.as_posix(), "hidden")
        elif not entry.is_dir():
            yield from _file(entry, limits)
        elif entry.is_symlink():
            yield NotRead(entry.as_posix(), "a link to a folder; not followed")
        else:
            yield from _folder(entry, limits)


def _file(path: Path, limits: Limits) -> Iterator[LocalFile | NotRead]:
    name = path.as_posix()
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe or a device would block
            yield NotRead(name, "not a regular file")
        elif name.lower().endswith(ARCHIVES):
            yield from _archive(path, limits)
        elif name.lower().endswith(OTHER_ARCHIVES):
            yield NotRead(name, "this kind of archive is not read; use zip, tar or tar.gz")
        else:
            with path.open("rb") as stream:
                yield _bounded(name, stream, limits)
    except OSError as error:
        yield NotRead(name, f"cannot be read: {error.strerror or type(error).__name__}")


def _bounded(name: str, stream: IO[bytes], limits: Limits) -> LocalFile | NotRead:
    body = stream.read(limits.file_bytes + 1)
    if len(body) > limits.file_bytes:
        return NotRead(name, f"larger than {limits.file_bytes} bytes")
    return LocalFile(name, body)


def _archive(path: Path, limits: Limits) -> Iterator[LocalFile | NotRead]:
    name = path.as_posix()
    members = _zip(path, limits) if name.lower().endswith(".zip") else _tar(path, limits)
    damage = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)
    try:
        yield from members
    except _TooMuch as error:
        yield NotRead(name, f"the rest was not read: {error}")
    except (gzip.BadGzipFile, *damage) as error:
        yield NotRead(name, f"a damaged archive, the rest was not read: {type(error).__name__}")


def _zip(path: Path, limits: Limits) -> Iterator[LocalFile | NotRead]:
    total = 0
    with zipfile.ZipFile(path) as archive:
        infos = sorted((info for info in archive.infolist() if not info.is_dir()), key=lambda info: info.filename)
        _count(len(infos), limits)
        for info in infos:
            name = f"{path.as_posix()}!{info.filename}"
            if reason := _zip_refusal(info, limits):
                yield NotRead(name, reason)
                continue
            with archive.open(info) as stream:  # the declared size may lie: the read is bounded
                found = _member(name, stream, limits)
            total += len(found.body) if isinstance(found, LocalFile) else 0
            _total(total, limits)
            yield found


def _zip_refusal(info: zipfile.ZipInfo, limits: Limits) -> str:
    if info.flag_bits & 0x1:
        return "encrypted"
    if info.file_size > limits.file_bytes:
        return f"larger than {limits.file_bytes} bytes"
    if info.file_size > MIB and info.file_size > limits.ratio * max(info.compress_size, 1):
        return f"unpacks to more than {limits.ratio} times its size"
    return ""


def _member(name: str, stream: IO[bytes], limits: Limits) -> LocalFile | NotRead:
    inner = name.rpartition("!")[2].lower()
    if inner.endswith((*ARCHIVES, *OTHER_ARCHIVES)):
        return NotRead(name, "an archive inside an archive")
    found = _bounded(name, stream, limits)
    if isinstance(found, LocalFile) and not inner.endswith(WORKBOOKS) and found.body.startswith(ARCHIVE_MAGIC):
        return NotRead(name, "an archive inside an archive")
    return found


def _tar(path: Path, limits: Limits) -> Iterator[LocalFile | NotRead]:
    with path.open("rb") as packed:
        # Tar is read as a stream: skipping a member unpacks it, so the bound must lie below tarfile.
        most = min(limits.archive_bytes, max(limits.ratio * os.fstat(packed.fileno()).st_size, 10 * MIB))
        plain: IO[bytes] = packed if path.name.lower().endswith(".tar") else gzip.GzipFile(fileobj=packed)  # type: ignore[assignment]
        with tarfile.open(fileobj=_Counted(plain, most), mode="r|") as archive:
            for count, info in enumerate(archive, start=1):
                _count(count, limits)
                if not info.isdir():
                    yield _tar_member(archive, info, f"{path.as_posix()}!{info.name}", limits)


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo, name: str, limits: Limits) -> LocalFile | NotRead:
    if info.size > limits.file_bytes:
        return NotRead(name, f"larger than {limits.file_bytes} bytes")
    stream = archive.extractfile(info) if info.isreg() else None
    return NotRead(name, "not a regular file") if stream is None else _member(name, stream, limits)


class _Counted(io.RawIOBase):
    """A stream that refuses to give more than `most` bytes in all."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        super().__init__()
        self.stream = stream
        self.left = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes. Raises _TooMuch beyond the limit."""
        if size < 0 or size > self.left:
            raise _TooMuch("it unpacks to more than is allowed")
        data = self.stream.read(size)
        self.left -= len(data)
        return data


def _count(count: int, limits: Limits) -> None:
    if count > limits.members:
        raise _TooMuch(f"more than {limits.members} members")


def _total(total: int, limits: Limits) -> None:
    if total > limits.archive_bytes:
        raise _TooMuch(f"it unpacks to more than {limits.archive_bytes} bytes")
