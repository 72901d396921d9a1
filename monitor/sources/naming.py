"""What the name of a file says: its fund, its date, its revision."""

from __future__ import annotations

import re
from collections.abc import Iterable

from monitor.core.errors import ParseError
from monitor.core.model import HoldingsFile
from monitor.sources.cells import day_in_name
from monitor.sources.forms import TickerStyle
from monitor.sources.spec import Source
from monitor.sources.tickers import split_ticker

# Words of file names that have the form of a ticker; they count only where no other word does.
NO_FUNDS = frozenset(
    "ETF ETFS FUND CSV XLS XLSX ODS JSON HTML HTM XML TXT FULL ALL RAW RESP DATA DAILY US USA EN ASOF LIST TABLE"  # noqa: SIM905
    " FILE COPY HTTP HTTPS WWW COM NEW OLD LIVE TEST EXPORT JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
)

_ENDING = re.compile(r"(?<=[^/\\!])(?:\.(?:CSV|TXT|JSON|XLSX?|XLSM|ODS|HTML?|XML|AJAX|EXCERPT))+$")


def fund_of(source: Source, file: HoldingsFile, name: str = "") -> str:
    """The ticker of the fund `file` is about: what the file says, else what its file name `name` says.

    Raises ParseError(code="fund") when neither names a fund of this source.
    """
    known = source.codes
    if file.fund:
        if file.fund in known:
            return known[file.fund]
        if source.others is not None and source.others.pattern.fullmatch(file.fund):
            return file.fund
        root, place = split_ticker(file.fund, TickerStyle.BLOOMBERG)  # SPPW GY: as the exchange's terminal writes it
        if place and (root in known or (source.others is not None and source.others.pattern.fullmatch(root))):
            return known.get(root, root)
        raise ParseError(f"the file is about fund {file.fund!r}, which source {source.id!r} does not list", code="fund")
    named = [ticker for ticker, name in _names(source).items() if name == _letters(file.title)] if file.title else []
    if len(named) == 1:
        return named[0]
    words = funds_named(source, name)
    if len(words) == 1:
        return next(iter(words))
    raise ParseError("neither the file nor its name says which fund it is about", code="fund")


def funds_named(source: Source, name: str) -> frozenset[str]:
    """The funds of this source that the name of a file may mean; inside an archive its own name counts first."""
    known, own = source.codes, name.upper().rpartition("!")[2]
    words = {known[code] for code in _codes_in(own, known) or _codes_in(name.upper(), known)}
    words = words or _named_in(name, source)
    if not words and source.others is not None and source.others.in_name is not None:
        hit = source.others.in_name.search(base_name(own))
        words = {hit[1]} if hit is not None and source.others.pattern.fullmatch(hit[1] or "") else set()
    if not words and source.others is not None:
        own = _ENDING.sub("", name.upper())
        nearest = re.split(r"[/\\!]", own)[-2:]  # the file and its folder; folders above may be anything
        words = {word for part in nearest for word in _words(part) if source.others.pattern.fullmatch(word)}
        words = words - NO_FUNDS or words
    return frozenset(words)


def _names(source: Source) -> dict[str, str]:
    """The letters and digits of the names of all funds, by ticker."""
    known = source.memory.get("names")
    if not isinstance(known, dict):
        known = {ticker: _letters(fund.name) for ticker, fund in source.funds.items()}
        source.remember("names", known)
    return known


def _named_in(name: str, source: Source) -> set[str]:
    """The funds whose names stand in the name of a file: `iShares-Core-SP-500-ETF_fund.xls`."""
    written = _letters(base_name(name))
    found = {one: ticker for ticker, one in _names(source).items() if len(source.funds[ticker].name.split()) > 1}
    names = {one for one in found if one and one in written}
    return {found[one] for one in names if not any(one != other and one in other for other in names)}


def _letters(name: str) -> str:
    """A name by its letters and digits alone."""
    return re.sub(r"[\W_]+", "", name).casefold()


def _codes_in(name: str, codes: Iterable[str]) -> set[str]:
    """The codes that stand in a name as words, without those that are part of a longer one."""
    inside = (code for code in codes if code in name)
    found = {code for code in inside if re.search(rf"(?<![A-Z0-9]){re.escape(code)}(?![A-Z0-9])", name)}
    return {code for code in found if not any(code != other and code in other for other in found)}


def _words(name: str) -> set[str]:
    """The words of a name, split at every sign, and also those that hold underscores."""
    return {*re.split(r"[^A-Z0-9]+", name), *re.split(r"[^A-Z0-9_]+", name)}


def base_name(path: str) -> str:
    """The last part of a path, an address or the name of an archive's member."""
    return re.split(r"[/\\!]", path)[-1]


def name_of(place: str, given: str) -> str:
    """What a file is called that came from `place` and is `given` a name by who serves it: both, where only that
    name can say the date."""
    return f"{place}#{given}" if given and day_in_name(base_name(place)) is None else place


def revision_hint(path: str) -> str:
    """Text that sorts revisions of one as-of date: "" for `2021-02-08.csv`, "00002" for `2021-02-08.v2.csv`."""
    found = re.search(r"[._-]v(\d{1,5})(?:\.[A-Za-z0-9.]*)?$", base_name(path))
    return found.group(1).zfill(5) if found else ""
