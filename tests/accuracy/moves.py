"""Entries and exits as a program would tell them that trusts every file and the key each line prints – and as we do.

A move is *undone* when one of the next files shows the opposite, without a notified trade of the line in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from monitor.core.identity import name_similarity
from tests.accuracy.told import ENTRIES, EXITS, File, History, Line

SOON = 3  # files within which a move that is undone was none
ALIKE = 0.85
NOT_FOLLOWED = frozenset(["cash"])


@dataclass(frozen=True, slots=True)
class Move:
    """One entry (`came`) or exit of a line; `again` when the fund listed it before."""

    fund: str
    as_of: date
    came: bool
    again: bool
    label: str
    undone: bool
    renamed: bool  # the same name or ticker under another key on the other side

    @property
    def false(self) -> bool:
        """Whether nothing was bought or sold."""
        return self.undone or self.renamed

    def __str__(self) -> str:
        why = "undone soon" if self.undone else "same name under another key" if self.renamed else "stays"
        return f"{self.as_of} {self.fund} {'entry' if self.came else 'exit'} of {self.label} ({why})"


Book = Mapping[str, Line]  # by key


def naive(history: History) -> list[Move]:
    """Every key that appears or vanishes from one stored file to the next, the newest version of each date."""
    found: list[Move] = []
    for fund in sorted({file.fund for file in _stored(history)}):
        files = _newest([file for file in _stored(history) if file.fund == fund])
        books = [_printed(history.held(file)) for file in files]
        seen: set[str] = set(books[0]) if books else set()
        for at in range(1, len(books)):
            before, after, later = books[at - 1], books[at], books[at + 1 : at + 1 + SOON]
            for key in sorted(after.keys() - before.keys()):
                undone = any(key not in book for book in later)
                found.append(_move(files[at], after[key], before, True, key in seen, undone))
            for key in sorted(before.keys() - after.keys()):
                undone = any(key in book for book in later)
                found.append(_move(files[at], before[key], after, False, False, undone))
            seen |= set(after)
    return found


def _move(file: File, line: Line, other: Book, came: bool, again: bool, undone: bool) -> Move:
    renamed = any(_same(line, one) for one in other.values())
    return Move(file.fund, file.as_of, came, again, line.name, undone, renamed)


def _same(one: Line, other: Line) -> bool:
    if one.root and one.root == other.root:
        return True
    return bool(one.name) and (one.name == other.name or _alike(one.name, other.name))


def _alike(one: str, other: str) -> bool:
    return one[:3].upper() == other[:3].upper() and name_similarity(one, other) >= ALIKE


def ours(history: History, notified: Collection[tuple[str, date, str]] = ()) -> list[Move]:
    """The entries and exits we tell. `notified` are fund, session and security group of notified trades."""
    found = []
    for fund, files in sorted(history.files.items()):
        place = {file.as_of: at for at, file in enumerate(files)}
        moves = [one for one in history.of_fund(fund, date.min, date.max) if one.kind in ENTRIES | EXITS]
        for one in moves:
            group, at = history.group(one.key), place.get(one.as_of)
            if at is None:
                continue
            near = files[at : at + 1 + SOON]
            opposite = EXITS if one.kind in ENTRIES else ENTRIES
            undone = any(
                other.kind in opposite
                and history.group(other.key) == group
                and near[0].as_of < other.as_of <= near[-1].as_of
                for other in moves
            )
            traded = any((fund, file.session, group) in notified for file in near if file.session is not None)
            renamed = _renamed(history, files, at, group, one.kind in ENTRIES)
            again = one.kind in ("RE_ENTERED", "RESUMED")
            label = one.label
            found.append(Move(fund, one.as_of, one.kind in ENTRIES, again, label, undone and not traded, renamed))
    return found


def _renamed(history: History, files: Sequence[File], at: int, group: str, came: bool) -> bool:
    """Whether the line stands on the other side under another key that is gone on this side."""
    if at == 0:
        return False
    old, new = (_grouped(history, file) for file in (files[at - 1], files[at]))
    here, there = (new, old) if came else (old, new)
    line = here.get(group)
    if line is None:
        return False
    return any(_same(line, one) for key, one in there.items() if key not in here)


def _grouped(history: History, file: File) -> dict[str, Line]:
    return {history.group(line.key): line for line in history.held(file) if line.asset_class not in NOT_FOLLOWED}


def _printed(lines: Iterable[Line]) -> dict[str, Line]:
    kept = [line for line in lines if line.asset_class not in NOT_FOLLOWED and line.shares != 0]
    return {line.identifier or line.ticker or line.name: line for line in kept}


def _stored(history: History) -> list[File]:
    return [file for files in history.files.values() for file in files] + history.unused


def _newest(files: Iterable[File]) -> list[File]:
    """One file a date: the last by name."""
    return list({file.as_of: file for file in sorted(files, key=lambda one: (one.as_of, one.place))}.values())
