"""Archives kept in Git: every version of a file is a capture, made at the latest when it was committed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.backfill.asking import ENOUGH, Budget, Piece
from monitor.backfill.local import CHUNK, days_of, known_to_all, local_offer, unread_note
from monitor.backfill.planning import Offer, Wanted
from monitor.backfill.repository import Blobs, Repository, Version, opened, pathspec
from monitor.core.politeness import Tally
from monitor.sources.files import ARCHIVE_MAGIC, ARCHIVES, OTHER_ARCHIVES, WORKBOOKS, Limits

SUFFIXES = (".csv", ".tsv", ".txt", ".xls", ".xlsx", ".xlsm", ".ods", ".json", ".html", ".htm", ".xml", ".aspx")


@dataclass(slots=True)
class GitWay:
    """Reads the repository `path` (a folder or an address); `inside` narrows it to files and folders.

    `unread` lists what could not be read of it.
    """

    path: str
    inside: Sequence[str]
    environ: Mapping[str, str]
    budget: Budget = field(default_factory=Budget)
    looks: bool = False
    unread: list[str] = field(default_factory=list)
    stopped: str = ""
    tally: Tally = field(default_factory=Tally)
    name: str = "git"
    chunk: int = CHUNK
    total: int = 0

    def offer(self, wanted: Wanted) -> Offer:
        """What the archive could give: its wanted files are read for that, and nothing is stored."""
        if "://" in self.path and not self.looks:
            return Offer(self.name, None, 1, note="the repository is copied to see what is in it: add --via git")
        days: dict[date, str] = {}
        with self._contents() as found:
            for version, body in found:
                for path in version.paths:
                    for day in days_of(wanted, path, body, presumed=bool(self.inside)):
                        days.setdefault(day, f"{version.commit[:12]} {path}")
        new = sorted(day for day in days if day in wanted.period and day not in wanted.have.days)
        note = "; ".join(
            one for one in (f"{self.total:,} versions of files are in it", unread_note(self.unread)) if one
        )
        return local_offer(self.name, new, tuple(days[day] for day in new), note)

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """A piece for every version of a file, the oldest first."""
        known = known_to_all(group, timed=True)
        presumed = group[0].spec.ticker if len(group) == 1 and self.inside else None
        with self._contents() as found:
            for version, body in found:
                place = f"{self.repository.shown}@{version.commit[:12]}!"
                if hashlib.sha256(body).hexdigest() in known:
                    yield Piece(place + version.paths[0], known=True, captured=version.at)
                    continue
                if not self.budget.take():
                    self.stopped = ENOUGH
                    return
                for path in telling(group, version, body):
                    yield Piece(place + path, body, captured=version.at, presumed=presumed)

    repository: Repository = field(init=False, repr=False)

    @contextmanager
    def _contents(self) -> Iterator[Iterator[tuple[Version, bytes]]]:
        self.unread.clear()
        with TemporaryDirectory(prefix="holdings-monitor-git-") as folder:
            self.repository = opened(self.path, Path(folder), self.environ)
            versions = self.repository.versions(pathspec(self.inside, SUFFIXES))
            self.total = len(versions)
            with self.repository.blobs() as blobs:
                yield self._read(versions, blobs)

    def _read(self, versions: Sequence[Version], blobs: Blobs) -> Iterator[tuple[Version, bytes]]:
        most = Limits().file_bytes
        for version in versions:
            body, path = blobs.read(version.blob, most), version.paths[0]
            if isinstance(body, str):
                self.unread.append(f"{path} at {version.commit[:12]}: {body}")
            elif _is_archive(path, body):
                self.unread.append(f"{path} at {version.commit[:12]}: an archive inside the history is not read")
            else:
                yield version, body


def telling(group: Sequence[Wanted], version: Version, body: bytes) -> list[str]:
    """Under which of its names a content is to be read: the first, unless other names say another date or fund."""
    if len(version.paths) == 1:
        return version.paths
    found: dict[tuple[object, ...], str] = {}
    for path in version.paths:
        said = tuple((one.spec.ticker, day) for one in group for day in days_of(one, path, body))
        if said:
            found.setdefault(said, path)
    return list(found.values()) or version.paths[:1]


def _is_archive(path: str, body: bytes) -> bool:
    name = path.lower()
    return name.endswith((*ARCHIVES, *OTHER_ARCHIVES)) or (
        body.startswith(ARCHIVE_MAGIC) and not name.endswith((*WORKBOOKS, ".xls"))
    )
