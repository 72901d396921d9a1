"""The file in which a user's added funds stand, `funds.toml` beside the configuration: read, extended, shortened.

It is the user's: what else stands in it stays. Each entry was confirmed by one download before it was written.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from monitor.core.errors import ConfigError, UsageError
from monitor.sources.loading import KEY, TICKER
from monitor.sources.registry import over
from monitor.sources.spec import FundKind, FundSpec, Source, addressed
from monitor.sources.toml_table import Table

HEAD = """\
# Funds added with `holdings-monitor funds add`: they are watched beside those of monitor.toml. Yours to edit.
"""
_ENTRY = re.compile(r"^[ \t]*\[\[[ \t]*funds[ \t]*\]\]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Added:
    """One added fund: its issuer's id, and what a `FundSpec` says of it."""

    issuer: str
    ticker: str
    name: str
    kind: FundKind
    keys: Mapping[str, str] = field(default_factory=dict)
    page: str = ""
    added: date | None = None


def read(path: Path) -> tuple[Added, ...]:
    """The funds in the file at `path`, none when there is no such file. Raises ConfigError naming every fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    faults: list[str] = []
    top = Table(values, "", faults)
    found = tuple(_added(one) for one in top.tables("funds"))
    top.done()
    for one in found:
        if sum(other.issuer == one.issuer and other.ticker == one.ticker for other in found) > 1:
            faults.append(f"funds: {one.issuer}/{one.ticker} stands twice")
    if faults:
        raise ConfigError("\n".join(f"{path}: {fault}" for fault in dict.fromkeys(faults)))
    return found


def _added(table: Table) -> Added:
    keys = table.table("keys")
    found = Added(
        issuer=table.text("issuer"),
        ticker=table.text("ticker", pattern=TICKER, wanted="a ticker in capitals"),
        name=table.text("name"),
        kind=table.choice("kind", FundKind),
        keys=MappingProxyType({name: keys.text(name, pattern=KEY, wanted="a key") for name in keys.values}),
        page=table.text("page", "", pattern=r"https?://[^\s/]+\S*", wanted="a web address"),
        added=table.day("added"),
    )
    table.done()
    return found


def with_added(sources: Mapping[str, Source], found: tuple[Added, ...], path: Path) -> Mapping[str, Source]:
    """The sources with the added funds among theirs. Raises ConfigError for one whose issuer is unknown."""
    made: dict[str, Source] = {}
    for one in found:
        if one.issuer not in sources:
            raise ConfigError(f"{path}: there is no source {one.issuer!r}, which {one.ticker} is said to be of")
        source = made.get(one.issuer) or sources[one.issuer]
        made[one.issuer] = replace(source, funds={**source.funds, one.ticker: spec_of(source, one)})
    return over(sources, made)


def spec_of(source: Source, one: Added) -> FundSpec:
    """An added fund as its source describes funds: with the addresses of the source's templates."""
    known = source.funds.get(one.ticker) or FundSpec(one.ticker, one.name, one.kind)
    made = replace(known, name=one.name, keys={**known.keys, **one.keys}, page=one.page or known.page)
    return replace(addressed(made, source.urls, source.page), verified=True, why="")


def add(path: Path, one: Added) -> None:
    """Writes one more fund at the end of the file, which is made when there is none. Raises ConfigError."""
    if any((known.issuer, known.ticker) == (one.issuer, one.ticker) for known in read(path)):
        return
    before = path.read_text(encoding="utf-8") if path.exists() else HEAD
    _write(path, before.rstrip("\n") + "\n\n" + _entry(one))


def remove(path: Path, issuer: str, ticker: str) -> None:
    """Takes one fund out of the file. Raises UsageError when it is not in it."""
    found = read(path)
    at = [n for n, one in enumerate(found) if (one.issuer, one.ticker) == (issuer, ticker)]
    if not at:
        raise UsageError(f"{issuer}/{ticker} was not added with `funds add`: it does not stand in {path}.")
    text = path.read_text(encoding="utf-8")
    starts = [entry.start() for entry in _ENTRY.finditer(text)]
    if len(starts) != len(found):
        raise UsageError(f"{path} was edited in a form we do not change. Take {ticker} out by hand.")
    end = starts[at[0] + 1] if at[0] + 1 < len(starts) else len(text)
    _write(path, (text[: starts[at[0]]] + text[end:]).rstrip("\n") + "\n")


def _entry(one: Added) -> str:
    lines = ["[[funds]]"]
    for key, value in (("issuer", one.issuer), ("ticker", one.ticker), ("name", one.name), ("kind", one.kind.value)):
        lines.append(f"{key} = {_text(value)}")
    if one.keys:
        inside = ", ".join(f"{key} = {_text(value)}" for key, value in sorted(one.keys.items()))
        lines.append(f"keys = {{ {inside} }}")
    if one.page:
        lines.append(f"page = {_text(one.page)}")
    if one.added is not None:
        lines.append(f"added = {one.added.isoformat()}")
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    """A TOML text: JSON's form, with what JSON leaves as it is but TOML does not allow."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(path: Path, text: str) -> None:
    """The whole file or none of it."""
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(file.name, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(file.name, path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
