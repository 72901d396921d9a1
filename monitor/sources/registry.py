"""Finds the sources we ship and the user's own, and answers by id.

A user's file with the id of a shipped source replaces it: a changed address is mended without a release.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

from monitor.core.errors import ConfigError, UsageError
from monitor.sources.loading import parse_sources
from monitor.sources.spec import Source

_FAULTY = "the sources have faults:\n  "
_ID = re.compile(r'^id = "([^"]+)"', re.MULTILINE)
_BRANDS = re.compile(r'^\[\[brands\]\]\n(?:(?!\[|id = ).*\n)*id = "([^"]+)"', re.MULTILINE)
State = tuple[tuple[str, int, int], ...]  # of each file: its name, when it was changed, its size


class Shipped(Mapping[str, Source]):
    """The sources we ship by id, each read from its file when it is asked for: most runs need one of a hundred.

    Asking for one raises ConfigError when its file has faults.
    """

    def __getitem__(self, source_id: str) -> Source:
        return _sources_in(_files()[source_id])[source_id]

    def __iter__(self) -> Iterator[str]:
        return iter(_files())

    def __len__(self) -> int:
        return len(_files())

    def __contains__(self, source_id: object) -> bool:
        return source_id in _files()

    def mentions(self, source_id: str, word: str) -> bool:
        """Whether the word (in capitals) stands in the file of a source, in whatever letters."""
        return word in _text(_files()[source_id]).upper()


class Layered(Mapping[str, Source]):
    """Sources by id, some of them in place of others."""

    def __init__(self, below: Mapping[str, Source], above: Mapping[str, Source]) -> None:
        self.below, self.above = below, above

    def __getitem__(self, source_id: str) -> Source:
        return self.above[source_id] if source_id in self.above else self.below[source_id]

    def __iter__(self) -> Iterator[str]:
        yield from self.below
        yield from (one for one in self.above if one not in self.below)

    def __len__(self) -> int:
        return len(self.below.keys() | self.above.keys())

    def __contains__(self, source_id: object) -> bool:
        return source_id in self.above or source_id in self.below

    def mentions(self, source_id: str, word: str) -> bool:
        """As of those below; those above may mention anything."""
        return source_id in self.above or mentions(self.below, source_id, word)


def mentions(sources: Mapping[str, Source], source_id: str, word: str) -> bool:
    """Whether a source may name something so (in capitals): False says that it need not be read to look for it."""
    return not isinstance(sources, Shipped | Layered) or sources.mentions(source_id, word)


def over(sources: Mapping[str, Source], changed: Mapping[str, Source]) -> Mapping[str, Source]:
    """The sources with those that were `changed` or are new."""
    return Layered(sources, changed) if changed else sources


def load(extra: Path | None = None) -> Mapping[str, Source]:
    """All sources by id, the shipped ones and those in the folder `extra`.

    Raises ConfigError with every fault of the files in `extra`.
    """
    faults: list[str] = []
    own = {} if extra is None else _read(_own(extra, faults), faults)
    if faults:
        raise ConfigError(_FAULTY + "\n  ".join(faults))
    return over(Shipped(), own)


def state(extra: Path | None) -> State:
    """What the user's files are like, without reading them: another one when a file was changed, added or removed.

    The shipped files do not change while the program runs.
    """
    if extra is None:
        return ()
    try:
        found = [(path.name, path.stat()) for path in sorted(extra.glob("*.toml"))]
    except OSError:  # gone between two looks: `load` says what is the matter
        return (("", 0, 0),)
    return tuple((name, one.st_mtime_ns, one.st_size) for name, one in found)


def get(source_id: str, extra: Path | None = None) -> Source:
    """The source called `source_id`. Raises UsageError with the nearest names, ConfigError for faulty files."""
    return choose(load(extra), source_id)


def choose(sources: Mapping[str, Source], source_id: str) -> Source:
    """The source called `source_id` among `sources`. Raises UsageError with the nearest names."""
    if source_id in sources:
        return sources[source_id]
    near = difflib.get_close_matches(source_id.lower(), sorted(sources), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"there is no source {source_id!r}; {hint}known: {', '.join(sorted(sources))}")


@lru_cache(maxsize=1)
def _files() -> Mapping[str, str]:
    """The name of the shipped file of each source. Which ids stand in it is seen without reading it as TOML."""
    folder = resources.files("monitor.sources") / "issuers"
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml"))
    return {source_id: name for name in names for source_id in ids_in(_text(name))}


def ids_in(text: str) -> list[str]:
    """The ids of the sources that a TOML file of ours describes."""
    return _BRANDS.findall(text) or _ID.findall(text)[:1]


@lru_cache(maxsize=1024)
def _text(name: str) -> str:
    return (resources.files("monitor.sources") / "issuers" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1024)
def _sources_in(name: str) -> Mapping[str, Source]:
    found, faults = parse_sources(_text(name), name)
    if faults:
        raise ConfigError(_FAULTY + "\n  ".join(faults))
    return {source.id: source for source in found}


def _own(folder: Path, faults: list[str]) -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        faults.append(f"{folder}: is not a folder")
        return
    for path in sorted(folder.glob("*.toml")):
        try:
            yield str(path), path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path}: cannot be read: {error}")


def _read(files: Iterator[tuple[str, str]], faults: list[str]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for name, text in files:
        sources, problems = parse_sources(text, name)
        faults.extend(problems)
        for source in sources:
            if source.id in found:
                faults.append(f"{name}: id: {source.id!r} is used by another file in the same folder")
            found[source.id] = source
    return found
