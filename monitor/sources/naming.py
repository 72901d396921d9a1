"""What the name of a file says: its fund, its date, its revision."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile
from monitor.sources.spec import Source


def fund_of(source: Source, file: HoldingsFile, name: str = "") -> str:
    """The ticker of the fund `file` is about: what the file says, else what its file name `name` says.

    Raises ParseError(code="fund") when neither names a fund of this source.
    """
    known = {code.upper(): fund.ticker for fund in source.funds.values() for code in (fund.ticker, *fund.codes)}
    if file.fund:
        if file.fund in known:
            return known[file.fund]
        if source.others is not None and source.others.pattern.fullmatch(file.fund):
            return file.fund
        raise ParseError(f"the file is about fund {file.fund!r}, which source {source.id!r} does not list", code="fund")
    words = {known[code] for code in _codes_in(name.upper(), known)}
    if not words and source.others is not None:
        nearest = re.split(r"[/\\!]", name.upper())[-2:]  # the file and its folder; folders above may be anything
        words = {word for part in nearest for word in _words(part) if source.others.pattern.fullmatch(word)}
    if len(words) == 1:
        return words.pop()
    raise ParseError("neither the file nor its name says which fund it is about", code="fund")


def _codes_in(name: str, codes: Iterable[str]) -> set[str]:
    """The codes that stand in a name as words, without those that are part of a longer one."""
    found = {code for code in codes if re.search(rf"(?<![A-Z0-9]){re.escape(code)}(?![A-Z0-9])", name)}
    return {code for code in found if not any(code != other and code in other for other in found)}


def _words(name: str) -> set[str]:
    """The words of a name, split at every sign, and also those that hold underscores."""
    return {*re.split(r"[^A-Z0-9]+", name), *re.split(r"[^A-Z0-9_]+", name)}


def base_name(path: str) -> str:
    """The last part of a path, an address or the name of an archive's member."""
    return re.split(r"[/\\!]", path)[-1]


def revision_hint(path: str) -> str:
    """Text that sorts revisions of one as-of date: "" for `2021-02-08.csv`, "00002" for `2021-02-08.v2.csv`."""
    found = re.search(r"[._-]v(\d{1,5})(?:\.[A-Za-z0-9.]*)?$", base_name(path))
    return found.group(1).zfill(5) if found else ""
