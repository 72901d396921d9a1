"""Finds the sources we ship and the user's own, and answers by id.

A user's file with the id of a shipped source replaces it: a changed address is mended without a release.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

from monitor.core.errors import ConfigError, UsageError
from monitor.sources.loading import parse_sources
from monitor.sources.spec import Source

State = tuple[tuple[str, int, int], ...]  # of each file: its name, when it was changed, its size


def load(extra: Path | None = None) -> dict[str, Source]:
    """All sources by id, the shipped ones and those in the folder `extra`. Raises ConfigError with every fault."""
    shipped, shipped_faults = _ours()
    found, faults = dict(shipped), list(shipped_faults)
    if extra is not None:
        found |= _read(_own(extra, faults), faults)
    if faults:
        raise ConfigError("the sources have faults:\n  " + "\n  ".join(faults))
    return found


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
def _ours() -> tuple[Mapping[str, Source], tuple[str, ...]]:
    """The shipped sources and their faults, read once: a hundred of them take half a second."""
    faults: list[str] = []
    return _read(_shipped(), faults), tuple(faults)


def _shipped() -> Iterator[tuple[str, str]]:
    folder = resources.files("monitor.sources") / "issuers"
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.endswith(".toml"):
            yield item.name, item.read_text(encoding="utf-8")


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
