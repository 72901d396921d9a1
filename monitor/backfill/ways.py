"""The ways history can be had, as the command and the configuration want them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from monitor.backfill.asking import Budget, Piece
from monitor.backfill.git import GitWay
from monitor.backfill.issuer import IssuerWay
from monitor.backfill.local import FilesWay, NportFiles
from monitor.backfill.nport import NO_CONTACT, NportWay
from monitor.backfill.planning import Offer, Wanted
from monitor.backfill.wayback import WaybackWay
from monitor.config import Config, Sec, Wayback
from monitor.core.errors import UsageError
from monitor.core.politeness import Tally
from monitor.sources.fetch import Fetcher
from monitor.sources.profile import HttpProfile

NAMES = ("issuer", "nport", "wayback", "git", "files")
LARGEST = 60_000_000  # bytes of one N-PORT filing


class Way(Protocol):
    """One way of getting history. `chunk` pieces are stored together; `total` is how many are to come, 0 when that is
    not known; `stopped` says why it ended early, `tally` how the server did, `unread` what could not be opened."""

    name: str
    chunk: int
    total: int
    stopped: str
    tally: Tally
    unread: list[str]

    def offer(self, wanted: Wanted) -> Offer:
        """What it could give for a fund."""

    def pieces(self, group: Sequence[Wanted]) -> Iterator[Piece]:
        """What it gives for funds of one source."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command says of a way: where files are, which of them, of which series, and how much at most."""

    paths: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    series: str = ""
    limit: int | None = None
    environ: Mapping[str, str] = field(default_factory=dict)


def make(name: str, options: Options, config: Config, fetcher: Fetcher, *, looks: bool) -> Way:
    """The way called `name`; with `looks` its offers may ask an index. Raises UsageError when something is lacking."""
    budget = Budget(options.limit)
    if name not in ("git", "files", "nport") and options.paths:
        raise UsageError(f"--path has no meaning with --via {name}.")
    match name:
        case "issuer":
            return IssuerWay(fetcher, budget)
        case "wayback":
            profile, base = _profile(config.wayback)
            return WaybackWay(fetcher, profile, base, budget, looks)
        case "nport" if options.paths:
            return NportFiles(_existing(options.paths), options.series, budget)
        case "nport":
            profile, base = _profile(config.sec)
            if looks and not config.sec.contact:
                raise UsageError(NO_CONTACT)
            return NportWay(fetcher, profile, base, config.sec.contact, options.series, budget, looks)
        case "git":
            return GitWay(_one(options.paths), options.inside, options.environ, budget, looks)
        case "files":
            if not options.paths:
                raise UsageError("--via files needs --path FILE, FOLDER or ARCHIVE.")
            return FilesWay(_existing(options.paths), budget)
        case _:
            raise UsageError(f"There is no way {name!r}. Known: {', '.join(NAMES)}")


def comparable(options: Options) -> list[str]:
    """The ways that can be compared with what the command says: those of files only where it says which."""
    if not options.paths:
        return ["issuer", "nport", "wayback"]
    is_repository = len(options.paths) == 1 and ("://" in options.paths[0] or _is_git(Path(options.paths[0])))
    return ["issuer", "wayback", "git" if is_repository else "files"]


def _is_git(path: Path) -> bool:
    return (path / ".git").exists() or ((path / "HEAD").is_file() and (path / "objects").is_dir())


def _one(paths: Sequence[str]) -> str:
    if len(paths) != 1:
        raise UsageError("--via git needs one --path: a repository's folder or its https address.")
    return paths[0]


def _existing(paths: Sequence[str]) -> list[Path]:
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise UsageError(f"there is no {', '.join(missing)}")
    return [Path(path) for path in paths]


def _profile(settings: Sec | Wayback) -> tuple[HttpProfile, str]:
    agent = f"holdings-monitor {settings.contact}" if isinstance(settings, Sec) else "holdings-monitor"
    profile = HttpProfile(
        user_agent=agent,
        min_interval=settings.min_interval,
        read_timeout=60.0,
        total_timeout=300.0,
        max_bytes=LARGEST,
        allow_private=settings.allow_private,
    )
    return profile, settings.base_url.rstrip("/")
