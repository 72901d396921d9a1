"""What is known to be true, as rows of `labels.csv` and `cases.csv`: which funds, files and security a row speaks of.

Rows are written for people. Funds: `ARKK/F/G`, `ARKF+ARKW`, `IZRL vs ARKQ`, `ARK (all)`, `8 funds`. Dates: one date,
`A .. B`, `A on`, `A (trade)`, `any`. Securities: tickers, names, `OLD -> NEW`, `all lines`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from monitor.core.identity import verified_ids
from tests.accuracy.told import File, History, Line, Refusal, Told

DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WHOLE = re.compile(
    r"^$|^-$|^all\b|^whole\b|^file\b|^\d+ lines|\(and \d+ more\)|\brows\b|\ball lines\b|^many\b|\bcash\b",
    re.IGNORECASE,
)
_NOISE = frozenset(["LINE", "LINES", "PLACEHOLDER", "ETC", "AND", "MORE"])
WINDOW = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One row: what the files say and what is the right verdict, in words."""

    name: str
    kind: str  # group of a case, or the first words of a label's verdict
    funds: str
    dates: str
    security: str
    identifiers: str
    text: str
    verdict: str
    why: str


def of_labels(rows: Iterable[Mapping[str, str]]) -> list[Expectation]:
    """The rows of `labels.csv`."""
    return [
        Expectation(
            name=" ".join(row.get(key, "") for key in ("fund", "date", "security")),
            kind=re.split(r" [(\d]", row.get("true_event", ""))[0],
            funds=row.get("fund", ""),
            dates=row.get("date", ""),
            security=row.get("security", ""),
            identifiers=row.get("cusip", ""),
            text=row.get("evidence", ""),
            verdict=row.get("true_event", ""),
            why=row.get("reason", ""),
        )
        for row in rows
    ]


def of_cases(rows: Iterable[Mapping[str, str]]) -> list[Expectation]:
    """The rows of `cases.csv`."""
    return [
        Expectation(
            name="case " + row.get("case", ""),
            kind=row.get("group", ""),
            funds=row.get("fund", ""),
            dates=row.get("file_date", ""),
            security=row.get("security", ""),
            identifiers="",
            text=row.get("what_the_files_say", ""),
            verdict=row.get("right_verdict", ""),
            why=row.get("why", ""),
        )
        for row in rows
    ]


@dataclass(slots=True)
class Scene:
    """A row beside what the program says: the funds, files and lines meant."""

    row: Expectation
    history: History
    funds: tuple[str, ...]
    first: date | None  # file dates; None: any
    last: date | None
    whole: bool  # every line is meant
    keys: frozenset[str]  # groups of the securities meant

    @property
    def day(self) -> date:
        """The file date; that of the first file when any is meant."""
        files = [file.as_of for fund in self.funds for file in self.history.files.get(fund, ())]
        return self.first or min(files)

    def files(self) -> list[File]:
        """The accepted files meant."""
        return [file for fund in self.funds for file in self.history.files.get(fund, ()) if self._inside(file.as_of)]

    def _inside(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def events(self, kinds: Iterable[str], first: date | None = None, last: date | None = None) -> list[Told]:
        """Events about the security in the files meant, or in those dated in [first, last]."""
        start = first or self.first or date.min
        end = last or self.last or date.max
        wanted = frozenset(kinds)
        found = [one for fund in self.funds for one in self.history.of_fund(fund, start, end)]
        return [one for one in found if one.kind in wanted and self.about(one)]

    def items(self, kinds: Iterable[str]) -> list[Told]:
        """Items about the security dated as the files meant."""
        wanted = frozenset(kinds)
        found = [one for one in self.history.items if self._inside(one.as_of) and set(one.funds) & set(self.funds)]
        return [one for one in found if one.kind in wanted and self.about(one)]

    def about(self, one: Told) -> bool:
        """Whether a change is about the security meant."""
        return self.whole or self.history.group(one.key) in self.keys

    def next_day(self, day: date, count: int = 1) -> date:
        """The date of the `count`-th accepted file after `day` in the fund where that is latest; `day` if none."""
        later = [self.history.after(fund, day, count) for fund in self.funds]
        return max((file.as_of for file in later if file is not None), default=day)

    def refused(self) -> list[Refusal]:
        """Refused bodies whose name carries a date meant, and the fund when one is named."""
        found = []
        for one in self.history.refused:
            name = one.place.rsplit("/", 1)[-1]
            dated = DATE.search(name)
            if dated and self._inside(date.fromisoformat(dated.group())):
                found.append((name, one))
        named = [one for name, one in found if any(fund in name for fund in self.funds)]
        return named or [one for _, one in found]


def scene(row: Expectation, histories: Iterable[History]) -> Scene | str:
    """The row beside the history that has its files, or why it cannot be judged."""
    why = f"no files of {row.funds}"
    for history in histories:
        named = _funds(row, history)
        first, last = _dates(row, history, named)
        spanning = tuple(fund for fund in named if first is None or _spans(history, fund, first))
        funds = named if _is_listed(row, named) else spanning or named
        if not funds:
            continue
        if "(trade)" in row.dates and first is None:
            why = f"no file of {row.funds} for the session {row.dates}"
            continue
        if not _here(history, funds, first, last):
            why = f"no file of {row.funds} dated {row.dates}"
            continue
        whole = bool(_WHOLE.search(row.security.strip()))
        keys = frozenset() if whole else _keys(row, history, funds, first, last)
        if not whole and not keys:
            why = f"no line like {row.security!r} in the files of {', '.join(funds)} around {row.dates}"
            continue
        return Scene(row, history, funds, first, last, whole, keys)
    return why


def _funds(row: Expectation, history: History) -> tuple[str, ...]:
    text = re.sub(r"\([^)]*\)", "", row.funds).strip()
    number = re.fullmatch(r"(\d+) funds", text)
    if number is not None and len(history.files) < int(number.group(1)):
        return ()
    if number is not None or text.upper() in (history.issuer.upper(), ""):
        return tuple(sorted(history.files))
    found: list[str] = []
    for part in re.split(r"[+,&]|\bvs\b|\band\b", text):
        first, *rest = part.strip().split("/")
        found += [first, *(one if len(one) > 1 else first[:-1] + one for one in rest)]
    return tuple(one for one in found if one in history.files)


def _is_listed(row: Expectation, funds: tuple[str, ...]) -> bool:
    """Whether the row names its funds one by one, not as all of an issuer."""
    return any(fund in row.funds for fund in funds)


def _dates(row: Expectation, history: History, funds: tuple[str, ...]) -> tuple[date | None, date | None]:
    found = [date.fromisoformat(text) for text in DATE.findall(row.dates)]
    if not found:
        return None, None
    if "(trade)" in row.dates:
        files = [file.as_of for fund in funds for file in history.files[fund] if file.session == found[0]]
        return (min(files), max(files)) if files else (None, None)
    open_end = bool(re.search(r"(\.\.|\bon\b|\bff\b|…)\s*$", row.dates))
    return found[0], None if open_end else found[-1]


def _spans(history: History, fund: str, day: date) -> bool:
    files = history.files.get(fund, [])
    return bool(files) and files[0].as_of <= day <= files[-1].as_of


def _here(history: History, funds: tuple[str, ...], first: date | None, last: date | None) -> bool:
    """Every fund's files reach around the date, or a body of that date was refused."""
    if first is None:
        return True
    if all(_spans(history, fund, first) for fund in funds):
        return True
    dated = [DATE.search(one.place.rsplit("/", 1)[-1]) for one in history.refused]
    days = [date.fromisoformat(one.group()) for one in dated if one]
    return any(first <= day and (last is None or day <= last) for day in days)


def _keys(
    row: Expectation, history: History, funds: tuple[str, ...], first: date | None, last: date | None
) -> frozenset[str]:
    """The securities a row means: by identifier, else ticker, else name, in the files around the date."""
    lines = _around(history, funds, first, last)
    texts = {text for text in re.split(r"[\s>,-]+", row.identifiers) if text}
    wanted = {one for text in texts for one in verified_ids(text)}
    found = {line.key for line in lines if line.identifier in texts or wanted & set(verified_ids(line.identifier))}
    for piece in _pieces(row.security) if not found else ():
        found |= _like(piece, lines)
    if not found:
        named = {one for text in re.findall(r"\b[A-Z0-9]{7,12}\b", row.text) for one in verified_ids(text)}
        found = {line.key for line in lines if named & set(verified_ids(line.identifier))}
    return frozenset(history.group(key) for key in found)


def _around(history: History, funds: tuple[str, ...], first: date | None, last: date | None) -> list[Line]:
    start = date.min if first is None else first - WINDOW
    end = date.max if last is None else last + WINDOW
    files = [file for fund in funds for file in history.files[fund] if start <= file.as_of <= end]
    for fund in funds if first is not None else ():
        files += [file for file in (history.previous(fund, start), history.after(fund, end)) if file is not None]
    return [line for file in files for line in history.held(file)]


def _pieces(text: str) -> list[str]:
    text = re.sub(r"(?<=[A-Z0-9])/(?=[A-Z])", " | ", text).replace("...", "")
    return [piece.strip() for piece in re.split(r"->|\||,| / ", text) if piece.strip()]


def _like(piece: str, lines: Iterable[Line]) -> set[str]:
    bare = re.sub(r"\([^)]*\)", "", piece).strip().upper()
    inner = re.findall(r"\(([^)]*)\)", piece)
    found = {line.key for line in lines if line.root == bare}
    words = {word for word in re.findall(r"[A-Z0-9./&]+", bare) if word not in _NOISE}
    if not found and words:
        found = {line.key for line in lines if words <= set(re.findall(r"[A-Z0-9./&]+", line.name.upper()))}
    if inner and len({line.name for line in lines if line.key in found}) > 1:
        named = {line.key for line in lines if line.key in found and inner[0].upper() in line.name.upper()}
        found = named or found
    return found
