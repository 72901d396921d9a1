"""Says whether a file may be believed: gates over its form, and against the fund's previous file.

Nothing here drops anything: a verdict names every gate that spoke, the value and the limit. A held file
makes no events; the next file decides. Limits and their measured reasons are those of SEMANTICS §6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import repeat
from operator import mul, sub

from monitor.core.contracts import CONTRACTS, NOTIONAL, is_contract, net_value
from monitor.core.flows import LEAST_LINES
from monitor.core.identity import is_in_conflict, is_verified, name_similarity, ticker_root
from monitor.core.model import AssetClass, HoldingsFile, Position, Reason, Standing, Verdict
from monitor.core.sides import Sides, some

NOTHING = Decimal(0)
NEARLY = Decimal("0.999")  # a point of weight, whatever the digits in which a division is rounded
_EQUITY = AssetClass.EQUITY  # looked up once: a member takes as long to find as a number to compare
_DERIVATIVES = (AssetClass.FUTURE, AssetClass.OPTION, AssetClass.SWAP)
# A clock may be wrong by so much (RELIABILITY P6); beyond it a list may still bear the next session's date.
AHEAD = timedelta(days=3)
STALE_GAP = 60  # sessions: a predecessor older than this says little about row counts and totals


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate that spoke. `holds`: quarantine, else accept with a warning. `lasting`: what is wrong is in
    the file itself, so that no later file can make it right."""

    gate: str
    text: str
    holds: bool
    lasting: bool = False


def form(
    file: HoldingsFile,
    positions: Sequence[Position],
    *,
    expected_fund: str,
    known_on: date,
    latest: date | None,
    following: date | None = None,
) -> list[Finding]:
    """What is wrong with a file by itself. `latest` is the fund's latest as_of when the file arrived live, `following`
    the session after `known_on`, where the fund's calendar knows it."""
    found = [printed(text) for text in file.warnings]
    found += dates(file.as_of, file.dates, known_on=known_on, latest=latest, following=following)
    return found + content(file, positions, expected_fund=expected_fund)


def content(file: HoldingsFile, positions: Sequence[Position], *, expected_fund: str) -> list[Finding]:
    """What is wrong with a file whenever it is looked at, but for its words and its dates."""
    found = []
    if file.fund and expected_fund and file.fund != expected_fund:
        found.append(Finding("fund", f"the file names {file.fund}, expected {expected_fund}", True, True))
    found += _complete(file)
    found += _numbers(file, positions)
    found += [] if file.lots else _repeated(positions)
    found += _conflicts(positions)
    if any(line.weight is not None for line in file.lines):  # computed weights say nothing about the file
        found += _weights(positions, lists_cash=file.lists_cash)
    return found


def printed(text: str) -> Finding:
    """A sentence of the reader as a finding: a missing end may hide lines, an unknown header may mix columns."""
    if text.startswith("the closing text"):
        return Finding("rows", text, False)
    return Finding("header", text, text.startswith(("unknown column order", "unsettled")), True)


def dates(
    as_of: date, printed: Sequence[date], *, known_on: date, latest: date | None, following: date | None = None
) -> list[Finding]:
    """What is wrong with the dates of a file, all of which are `printed`; see `form`."""
    found, until = [], max(known_on + AHEAD, following or known_on)
    if len(printed) > 1:
        words = ", ".join(d.isoformat() for d in printed)
        found.append(Finding("as_of", f"two as-of dates in one file: {words}", True, True))
    if as_of > until:
        found.append(Finding("as_of", f"dated {as_of}, in the future of {known_on}", True, True))
    if latest is not None and (latest - as_of).days > 14:
        found.append(Finding("as_of", f"dated {as_of}, but {latest} is already known", True, True))
    return found


def _complete(file: HoldingsFile) -> list[Finding]:
    """A list without holdings, or with another number of them than the issuer states: one of several pages, say."""
    if not file.lines:
        words = "the file lists no holdings: a fund that is wound up may truly hold none, then accept it"
        return [Finding("rows", words, True, True)]
    count, stated = len(file.lines) + len(file.unread), file.stated_lines
    if stated is None or stated == count:
        return []
    return [Finding("rows", f"{count} lines, but the issuer states {stated} holdings", count < stated, True)]


def _numbers(file: HoldingsFile, positions: Sequence[Position]) -> list[Finding]:
    found = []
    missing = sum(1 for line in file.lines if line.shares is None)
    if missing and missing < len(file.lines):  # a file of weights alone is a form of its own
        words = f"{missing} of {len(file.lines)} lines have no share count"
        found.append(Finding("numbers", words, missing > 0.05 * len(file.lines), True))
    if file.unread:
        first = file.unread[0]
        words = f"{len(file.unread)} rows could not be read, the first is row {first.row}: {first.reason}"
        found.append(Finding("rows", words, len(file.unread) > 0.05 * (len(file.lines) + 1), True))
    none = [p for p in positions if p.shares is not None and p.shares <= NOTHING and p.asset_class is _EQUITY]
    found += _contradictory(none)
    negative = [p for p in none if p.shares is not None and p.shares < NOTHING]
    if negative:
        found.append(Finding("numbers", f"negative share count: {negative[0].name}", False))
    return found


def _contradictory(none: Sequence[Position]) -> list[Finding]:
    """Shares of which there are none or fewer, whose own line says that they are worth something."""
    wrong = [p for p in none if p.value is not None and p.value >= 1000 and (p.weight or NOTHING) >= Decimal("0.02")]
    if not wrong:
        return []
    first = wrong[0]
    return [Finding("numbers", f"{first.name} prints {first.shares:f} shares worth {first.value:,.0f}", True, True)]


def _conflicts(positions: Sequence[Position]) -> list[Finding]:
    wrong = [p for p in positions if p.key.startswith("local:") and is_in_conflict(p)]
    if not wrong:
        return []
    first = wrong[0]
    words = f"{first.identifier} names two securities: {first.name} ({first.ticker}) is followed under no identifier"
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return [Finding("conflict", words + more, False)]


def _repeated(positions: Sequence[Position]) -> list[Finding]:
    twice = [p for p in positions if p.lines > 1 and p.asset_class is not AssetClass.CASH and not _is_grouped(p)]
    if not twice:
        return []
    equity = [p for p in positions if p.asset_class is not AssetClass.CASH and not _is_grouped(p)]
    block = len(twice) >= max(3, 0.2 * len(equity))
    words = f"{len(twice)} of {len(equity)} securities are listed more than once, e.g. {twice[0].name}"
    return [Finding("duplicates", words + ("" if block else "; summed"), block, True)]


def _is_grouped(position: Position) -> bool:
    """Whether a position is a group by design: months of a future, pools to be announced."""
    return position.asset_class in CONTRACTS or position.key.startswith("tba:")


def _weights(positions: Sequence[Position], *, lists_cash: bool) -> list[Finding]:
    """Weights that do not make up the fund; where cash is not listed less than the whole is usual. Exposure is
    no part of the whole, so futures and swaps count or not, whichever is nearer to it; and where there are
    contracts, their margin and leverage make the sum a warning at most."""
    weights = [p.weight for p in positions if p.weight is not None]
    if not weights:
        return []
    levered = not {p.asset_class for p in positions}.isdisjoint(CONTRACTS)
    total = sum(weights, NOTHING)
    if levered:
        real = [p.weight for p in positions if p.weight is not None and p.asset_class not in NOTIONAL]
        total = min(total, sum(real, NOTHING), key=lambda found: abs(found - 100))
    found = []
    if not 97 <= total <= 103 and (lists_cash or not 50 <= total < 103):
        words = f"weights sum to {total:.2f} % ({'outside 90 … 110' if not 90 <= total <= 110 else 'usual 97 … 103'})"
        found.append(Finding("weights", words, not (90 if lists_cash else 50) <= total <= 110 and not levered, True))
    # A line of 0 % beside a large value is a note: Korean lists print the amount of a whole creation unit so.
    counted = [p for p in positions if p.weight]
    # The value of options may be notional, too.
    outright = [p for p in counted if p.asset_class not in CONTRACTS] if levered else counted
    if outright and lists_cash and all(p.value is not None for p in outright):
        whole = sum((p.value for p in counted if p.value is not None), NOTHING)
        worths = (whole,) if whole > 0 and not levered else (whole, net_value(counted))
        found += _own_share(outright, [worth for worth in worths if worth > 0])
    return found


def _own_share(positions: Sequence[Position], worths: Sequence[Decimal]) -> list[Finding]:
    """The line whose weight is furthest from its share of the value, with and without exposure in the total."""
    known = [(p.weight, p.value, p) for p in positions if p.weight is not None and p.value is not None]
    if any(_are_near([weight for weight, _, _ in known], [value for _, value, _ in known], one) for one in worths):
        return []  # as nearly every file, at a fourth of the cost
    off = [
        max(((abs(weight - value / worth * 100), p) for weight, value, p in known), key=lambda pair: pair[0])
        for worth in worths
    ]
    worst, line = min(off, key=lambda pair: pair[0], default=(Decimal(0), positions[0]))
    if worst <= 1:
        return []
    words = f"{line.name}: printed weight {line.weight:.2f} % is {worst:.1f} points off its share of the value"
    return [Finding("weight-value", words, worst > 5, True)]


def _are_near(weights: Sequence[Decimal], values: Sequence[Decimal], worth: Decimal) -> bool:
    """Whether every weight is less than a point off its share of the value."""
    point = worth / 100
    off = list(map(sub, map(mul, weights, repeat(point)), values))
    return not off or (max(off) < NEARLY * point and min(off) > -NEARLY * point)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the gates need of two consecutive files of one fund. `gap` is sessions between them, `factor`
    the flow factor (1 when unknown), `known` whether it is known."""

    sides: Sides
    gap: int
    factor: float
    known: bool

    @property
    def before(self) -> Mapping[str, Position]:
        return self.sides.before.positions

    @property
    def after(self) -> Mapping[str, Position]:
        return self.sides.after.positions


def against(pair: Comparison) -> list[Finding]:
    """What is wrong with a file beside the fund's previous one: rows, value, identifiers, staleness."""
    trusted = pair.gap <= STALE_GAP
    found = [
        *_rows(pair, trusted),
        *_cut(pair, trusted),
        *_value(pair, trusted),
        *_identifiers(pair),
        *_strangers(pair, trusted),
    ]
    found += [*_prices(pair), *_labels(pair), *_exchanged(pair)]
    if not pair.sides.gone and not pair.sides.come and is_same_content(pair.before, pair.after):
        found.append(Finding("stale", "same share counts and values as the previous file", False))
    return found


IDLE_FILES = 250  # looked back on
IDLE_LEAST = 20  # files that say how a fund usually is
IDLE_SHARE = 0.05


def idling(pair: Comparison, unchanged: int, lines: int, idle: int, files: int) -> list[Finding]:
    """A file in which no share count changed, of a fund where that is rare: old positions at new prices.

    `unchanged` of `lines` counted lines; `idle` of the fund's last `files` pairs of files were like that. ARKK, ARKF
    and ARKG on 2023-05-22: the trades of that session came one file later. Lines may have been renamed, not more.
    """
    if lines < LEAST_LINES or unchanged < lines:
        return []
    before, after = set(_identified(pair.before)), set(_identified(pair.after))
    if len(before - after) != len(after - before):
        return []
    if files < IDLE_LEAST or idle >= IDLE_SHARE * files:
        return []
    words = f"none of {lines} share counts changed, as in {idle} of {files} files before: positions may be a day old"
    return [Finding("stale", words, False)]


def _rows(pair: Comparison, trusted: bool) -> list[Finding]:
    before, after = pair.sides.before.securities, pair.sides.after.securities
    if not before:
        return []
    if short := _half_a_list(pair):
        return [Finding("rows", short, trusted)]
    change = after / before
    if 0.8 <= change <= 1.2:
        return []
    words = f"{after} securities after {before} ({change:.0%})"
    holds = trusted and not 0.5 <= change <= 2 and abs(after - before) > 3
    return [Finding("rows", words, holds)]


def _half_a_list(pair: Comparison) -> str:
    """What is wrong where a fund with derivatives lists less than half as much: it has few positions, of many
    contracts each, so that their number says little. Months and strikes that are replaced leave as many contracts."""
    if not pair.sides.before.derivatives:
        return ""
    before, after = _listed(pair.before), _listed(pair.after)
    if 2 * after >= before or before - after <= 3:
        return ""
    return f"{after} contracts and other positions after {before} ({after / before:.0%})"


def _listed(positions: Mapping[str, Position]) -> int:
    """How much is listed: each contract of a group, and every other position, once."""
    return sum(p.identifier.count("; ") + 1 if is_contract(key) else 1 for key, p in positions.items())


def _cut(pair: Comparison, trusted: bool) -> list[Finding]:
    """Lines gone (a twentieth, three or more), hardly any new, and the weights sum to as much less as the gone lines
    had: part of the list is missing. Where lines are sold, others or cash grow; only funds that do not list their
    cash may look so when they sell (3 of 740 Taiwanese lists), and are then told one file later."""
    if len(pair.sides.gone) + len(pair.sides.relabelled) < 3:
        return []
    before, after = _outright(pair.before), _outright(pair.after)
    gone = [k for k in _securities(before) if k not in after]
    new = [k for k in _securities(after) if k not in before]
    if len(gone) < max(3, 0.05 * len(_securities(before))) or 3 * len(new) > len(gone):
        return []
    lost = _weight({k: p for k, p in before.items() if k not in after})
    lost -= _weight({k: p for k, p in after.items() if k not in before})
    fell = _weight(before) - _weight(after)
    if abs(fell) < 1 or abs(fell - lost) > abs(lost) / 4:
        return []
    words = (
        f"{len(gone)} of {len(_securities(before))} securities are gone and the weights sum to {fell:.1f} points less"
    )
    return [Finding("cut", words, trusted)]


def _outright(positions: Mapping[str, Position]) -> dict[str, Position]:
    """Without derivatives: futures roll, and their weights are notional."""
    return {k: p for k, p in positions.items() if p.asset_class not in _DERIVATIVES}


def _value(pair: Comparison, trusted: bool) -> list[Finding]:
    before, after = pair.sides.before.worth, pair.sides.after.worth
    if not before or not after:
        return []
    change = after / before
    if 0.8 <= change <= 1.2:
        return []
    explained = pair.known and 0.8 <= change / pair.factor <= 1.25
    words = f"total value {after:,.0f} after {before:,.0f} ({change:.0%}), flow factor {pair.factor:.4f}"
    return [Finding("value", words, trusted and not 0.5 <= change <= 2 and not explained and pair.gap <= 5)]


def _identifiers(pair: Comparison) -> list[Finding]:
    """More than 5 % of the lines (three or more) losing their verified identifier: a hand-edited file."""
    after, before = some(pair.after, pair.sides.come), some(pair.before, pair.sides.gone)
    lost = [k for k in _identified(after) if not is_verified(after[k].key)]
    gone = [k for k in _identified(before) if is_verified(before[k].key)]
    if not lost or not gone:
        return []
    broken = min(len(lost), len(gone))
    first = pair.after[lost[0]]
    words = f"{broken} lines lost their identifier, e.g. {first.name} prints {first.identifier!r}"
    return [Finding("ids", words, broken >= 3 and broken > 0.05 * pair.sides.after.identified)]


def _strangers(pair: Comparison, trusted: bool) -> list[Finding]:
    """No line in common with the previous file: another fund's list, or identifiers of another form."""
    known = pair.sides.after.identified
    if pair.sides.before.identified < 3 or not known:
        return []
    if any(k in pair.before and _is_identified(pair.before[k]) and _is_identified(p) for k, p in pair.after.items()):
        return []
    return [Finding("ids", f"none of the {known} securities was in the previous file", trusted)]


def _prices(pair: Comparison) -> list[Finding]:
    """The implied price of more than a tenth of the lines (three or more) moved by 40 %: a column slipped or
    was scaled. Splits and crashes do that to single lines."""
    if pair.gap > 5 or _hardly_move(pair.before, pair.after):
        return []
    moved, known = _moved_prices(pair)
    if moved < 3 or moved <= 0.1 * known:
        return []
    return [Finding("prices", f"the implied price of {moved} of {known} lines moved by more than 40 %", True)]


def _moved_prices(pair: Comparison) -> tuple[int, int]:
    """How many implied prices moved, of how many."""
    both = [(pair.before[k], pair.after[k]) for k in _identified(pair.after) if k in pair.before]
    ratios = [
        float(new.value / new.shares) / float(old.value / old.shares)
        for old, new in both
        if old.value and new.value and old.shares and new.shares and old.value > 0 and new.value > 0
    ]
    return sum(not 0.714 <= abs(ratio) <= 1.4 for ratio in ratios), len(ratios)


_LEAST, _MOST = Decimal("0.715"), Decimal("1.399")  # well inside the limits


def _hardly_move(before: Mapping[str, Position], after: Mapping[str, Position]) -> bool:
    """Whether all implied prices but two have certainly not moved, multiplied across: exact, and no division."""
    moved = 0
    for root, new in after.items():
        old = before.get(root)
        if old is None or old.value is None or new.value is None or old.shares is None or new.shares is None:
            continue
        now, then = new.value * old.shares, old.value * new.shares
        if not then * _LEAST <= now <= then * _MOST:
            moved += 1
            if moved > 2:
                return False
    return True


def _labels(pair: Comparison) -> list[Finding]:
    """More than a fifth of the lines (three or more) print another ticker or name under the same identifier."""
    again = some(pair.after, pair.sides.relabelled)
    found = [(pair.before[k], again[k]) for k in _identified(again)]
    changed = [new for old, new in found if old.key == new.key and _is_relabelled(old, new)]
    if len(changed) < 3:
        return []
    both = sum(k in pair.before for k in _identified(pair.after))
    if len(changed) <= 0.2 * both:
        return []
    words = f"{len(changed)} of {both} lines print another ticker or name, e.g. {changed[0].name!r}"
    return [Finding("labels", words, True)]


def _exchanged(pair: Comparison) -> list[Finding]:
    """Lines that print the ticker and name another line had: two identifiers were exchanged, not two positions."""
    if not pair.sides.relabelled:
        return []
    owner = {(p.ticker, p.name): k for k, p in pair.before.items() if p.ticker and p.name}
    wrong = [
        new
        for key, new in pair.after.items()
        if key in pair.before
        and owner.get((new.ticker, new.name), key) not in (key, None)
        and owner[new.ticker, new.name] in pair.after
        and (pair.before[key].ticker, pair.before[key].name) != (new.ticker, new.name)
    ]
    if not wrong:
        return []
    return [Finding("labels", f"{len(wrong)} lines print the ticker and name of another, e.g. {wrong[0].name!r}", True)]


def _is_relabelled(old: Position, new: Position) -> bool:
    if old.ticker and ticker_root(old.ticker) != ticker_root(new.ticker):
        return True
    return old.name != new.name and name_similarity(old.name, new.name) < 0.3


def dating(as_of: date, *, is_session: bool, any_day: bool, inception: date | None) -> list[Finding]:
    """What is wrong with the printed date beside the calendar; `any_day`: the publisher prints other days too."""
    found = []
    if not is_session and not any_day:
        found.append(Finding("as_of", f"dated {as_of}, a day without trading", True, True))
    if inception is not None and (inception - as_of).days > 7:
        found.append(Finding("as_of", f"dated {as_of}, but the fund began on {inception}", True, True))
    return found


def is_same_content(before: Mapping[str, Position], after: Mapping[str, Position]) -> bool:
    """Whether two files list the same quantities at the same values: an old list under a new date."""
    return before.keys() == after.keys() and all(_content(before[k]) == _content(after[k]) for k in after)


def _content(position: Position) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    return position.shares, position.value, position.weight if position.value is None else None


def _securities(positions: Mapping[str, Position]) -> list[str]:
    return [k for k, p in positions.items() if p.asset_class is not AssetClass.CASH and p.shares != 0]


def _identified(positions: Mapping[str, Position]) -> list[str]:
    """The lines an identifier or a price says something about: contracts change both with every month."""
    return [k for k, p in positions.items() if _is_identified(p)]


def _is_identified(position: Position) -> bool:
    return (
        position.shares != 0 and position.asset_class is not AssetClass.CASH and position.asset_class not in CONTRACTS
    )


def _weight(positions: Mapping[str, Position]) -> Decimal:
    return sum((p.weight for p in positions.values() if p.weight is not None), Decimal(0))


def verdict(findings: Sequence[Finding]) -> Verdict:
    """Quarantined when any gate holds the file, else accepted, with the rest as warnings."""
    reasons = tuple(Reason(f.gate, f.text) for f in findings if f.holds)
    warnings = tuple(Reason(f.gate, f.text) for f in findings if not f.holds)
    return Verdict(Standing.QUARANTINED if reasons else Standing.ACCEPTED, reasons, warnings)


def is_lasting(findings: Sequence[Finding]) -> bool:
    """Whether what holds the file is in the file itself, so that a later file cannot redeem it."""
    return any(f.holds and f.lasting for f in findings)
