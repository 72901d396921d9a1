"""Decides what a line *is*: the only place that turns printed identifiers, tickers and names into a key.

A key names one security as published (`cusip:01609W102`, `sedol:B3Z5T14`, `local:ark/ARKG:…`). Whether two
keys are one position over time is decided in `linking`. This module never looks at quantities.
Rules and their measured reasons: an identifier counts only with its check digit (585 of 585 genuine
CUSIPs and SEDOLs of the reference history pass, cash and placeholder codes fail); a ticker without a
venue is no identity (DSY is Discovery in one fund and Dassault Systèmes in another).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from difflib import SequenceMatcher
from functools import lru_cache, reduce
from itertools import groupby
from operator import attrgetter

from monitor.core import bonds, contracts, instruments
from monitor.core.contracts import CONTRACTS
from monitor.core.model import AssetClass, Described, Line, Position

_by_key = attrgetter("key")
SAME_COMPANY = 0.9  # alike names of one company
_SPREADSHEET_NUMBER = re.compile(r"\d(\.\d+)?E\+\d+")
_FIGI = re.compile(r"BBG[0-9B-DF-HJ-NP-TV-Z]{9}")
_SEDOL = re.compile(r"[0-9B-DF-HJ-NP-TV-Z]{6}\d")
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}\d")
_CUSIP = re.compile(r"[0-9A-Z*@#]{8}\d")
_CORPORATE = frozenset(
    "INC CORP CORPORATION LTD LIMITED PLC CO COMPANY HOLDING HOLDINGS HLDGS HLDG GROUP GRP THE SA NV AG AB SE ASA OYJ"  # noqa: SIM905
    " SPA KK BV LP LLC CLASS CL SP ADR ADS GDR REG S SPONSORED COM COMMON STOCK SHS ORD A B C D UN UW UQ US".split()
)


def cusip_is_valid(text: str) -> bool:
    """Nine characters whose last is the CUSIP check digit of the first eight (ANSI X9.6)."""
    return len(text) == 9 and _CUSIP.fullmatch(text) is not None and cusip_check_digit(text[:8]) == text[8]


def cusip_check_digit(text: str) -> str:
    """The ninth character of a CUSIP, from its first eight: digits, capitals, * @ #."""
    total = sum(map(_CUSIP_ODD.__getitem__, text[::2])) + sum(map(_CUSIP_EVEN.__getitem__, text[1::2]))
    return str(-total % 10)


# What a character adds to the sum in an odd place and, its value doubled, in an even one: the digits of that number.
_CUSIP_VALUES = {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*@#")}
_CUSIP_ODD = {character: sum(divmod(value, 10)) for character, value in _CUSIP_VALUES.items()}
_CUSIP_EVEN = {character: sum(divmod(2 * value, 10)) for character, value in _CUSIP_VALUES.items()}


def sedol_is_valid(text: str) -> bool:
    """Seven characters, no vowels, whose weighted sum (1, 3, 1, 7, 3, 9, 1) is a multiple of ten."""
    if not _SEDOL.fullmatch(text):
        return False
    weights = (1, 3, 1, 7, 3, 9, 1)
    return sum(w * int(c, 36) for w, c in zip(weights, text, strict=True)) % 10 == 0


def isin_is_valid(text: str) -> bool:
    """Twelve characters, country first, Luhn check digit last (ISO 6166)."""
    if not _ISIN.fullmatch(text):
        return False
    digits = "".join(map(_WRITTEN_OUT.__getitem__, text[:11]))[::-1]
    return (int(text[11]) + sum(map(int, digits[1::2])) + sum(map(_DOUBLED.__getitem__, digits[::2]))) % 10 == 0


_WRITTEN_OUT = {character: str(int(character, 36)) for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_DOUBLED = {str(digit): sum(divmod(2 * digit, 10)) for digit in range(10)}  # the digits of twice a digit


@lru_cache(maxsize=65536)  # the same identifiers come back every day
def verified_ids(text: str) -> tuple[str, ...]:
    """Every identifier `text` can be, as `scheme:value`, most trusted reading first; empty when none.

    A US or Canadian ISIN is read as the CUSIP inside it, a British or Irish one as its SEDOL, so that
    files printing either agree. Spreadsheets strip leading zeros: 7–8 characters are padded and tested.
    """
    text = text.strip().upper()
    found = []
    if len(text) == 12 and isin_is_valid(text):
        found.append(_from_isin(text))
    elif len(text) == 12 and _FIGI.fullmatch(text):
        found.append(f"figi:{text}")
    elif len(text) == 9 and cusip_is_valid(text):
        found.append(f"cusip:{text}")
    if len(text) in (6, 7) and sedol_is_valid(text.zfill(7)):
        found.append(f"sedol:{text.zfill(7)}")
    if len(text) in (7, 8) and cusip_is_valid(text.zfill(9)):
        found.append(f"cusip:{text.zfill(9)}")
    return tuple(found)


def _from_isin(isin: str) -> str:
    if isin[:2] in ("US", "CA") and cusip_is_valid(isin[2:11]):
        return f"cusip:{isin[2:11]}"
    if isin[:2] in ("GB", "IE") and isin[2:4] == "00" and sedol_is_valid(isin[4:11]):
        return f"sedol:{isin[4:11]}"
    return f"isin:{isin}"


_CUSIP_AS_TICKER = re.compile(r"\d{2}[0-9A-Z]{6}\d", re.ASCII)
_TREASURY = re.compile(r"cusip:912[78]")  # of the United States


def ids_of(line: Line) -> tuple[str, ...]:
    """All verified identifiers of a line, ISIN first, then CUSIP, SEDOL, FIGI and the mixed column."""
    found: dict[str, None] = {}
    for text in (line.isin, line.identifier, line.sedol, line.figi):
        if text:
            found.update(dict.fromkeys(verified_ids(text)))
    if not found and _CUSIP_AS_TICKER.fullmatch(line.ticker):  # how some issuers list Treasury bills
        found.update(dict.fromkeys(verified_ids(line.ticker)))
    return tuple(found)


@lru_cache(maxsize=65536)
def ticker_root(ticker: str) -> str:
    """The ticker without a trailing exchange code: `DKNG UW` and `GRMN U` are DKNG and GRMN."""
    parts = ticker.strip().upper().split()
    return parts[0] if parts else ""


def fund_name(issuer: str, ticker: str) -> str:
    """What a fund is called where no issuer is understood: two issuers may use one ticker."""
    return f"{issuer}/{ticker}"


def inside_issuer(issuer: str, key: str) -> str:
    """A key as it reads where the issuer is understood: `local:ARKG:…` of `local:ark/ARKG:…`."""
    scheme, colon, value = key.partition(":")
    return scheme + colon + value.removeprefix(fund_name(issuer, ""))


def key_of(fund: str, line: Line, ids: tuple[str, ...], asset_class: AssetClass) -> str:
    """The identity of one line of the fund that `fund_name` calls so. A local id, a ticker or a name is an identity
    only inside its fund; a ticker with its venue is one everywhere (code 2330 in Taipei, whatever a fund calls it).
    Contracts are one position with their group, pools to be announced with their coupon and term."""
    return fund.join(_key_parts(line, ids, asset_class))


def _key_parts(line: Line, ids: tuple[str, ...], asset_class: AssetClass) -> tuple[str, ...]:
    """The parts of a key between which the name of the fund stands: one where it means the same everywhere."""
    identifier = instruments.plain(line.identifier)
    if asset_class is AssetClass.CASH:
        return (f"cash:{identifier or line.name.strip().upper() or line.ticker.strip().upper()}",)
    if asset_class in CONTRACTS:
        pair = instruments.forward_pair(line.name, line.ticker, identifier)
        return contracts.group_parts(line.name, line.ticker, identifier, asset_class, pair)
    if asset_class is AssetClass.BOND and (announced := bonds.tba_key(line.name)):
        return (announced,)
    if ids:
        return ids[:1]
    if identifier and not _SPREADSHEET_NUMBER.fullmatch(identifier):
        return "local:", f":{identifier}"
    if asset_class is AssetClass.BOND:
        name = bonds.with_terms(line.name.strip(), line.coupon, line.maturity)
        return "name:", f":{bonds.plain_name(name)}"
    if instruments.plain(line.ticker):
        root = ticker_root(line.ticker)
        return (f"venue:{line.venue}:{root}",) if line.venue else ("ticker:", f":{root}")
    return "name:", f":{' '.join(_tokens(line.name)) or line.name.strip().upper()}"


def is_verified(key: str) -> bool:
    """Whether a key rests on an identifier with a check digit."""
    return key.startswith(("cusip:", "sedol:", "isin:", "figi:"))


def public_id(key: str) -> str:
    """The id shown to people: stable, the same in every database, and no licensed number."""
    return "S" + hashlib.sha256(key.encode()).hexdigest()[:10].upper()


def positions_of(fund: str, lines: Iterable[Line], net_assets: Decimal | None = None) -> tuple[Position, ...]:
    """The positions of a file of the fund that `fund_name` calls so: lines of one identity summed (cash lots,
    settlement rows), sorted by key.

    A file without any share count prints weights only: its positions have shares None. In other files lines
    without a share count are left out; the caller has refused the file when that is the rule. Missing
    weights are taken from the share of the fund's `net_assets` or, where these are not known, of the total value.
    """
    lines = list(lines)
    weights_only = all(line.shares is None for line in lines)
    found = [_position(fund, line) for line in lines if weights_only or line.shares is not None]
    return _with_weights(tuple(sorted(_joined(fund, found), key=_by_key)), net_assets)


def _joined(fund: str, found: list[Position]) -> list[Position]:
    """One position for each key. Only keys that stand in several lines are looked at: in most files none does."""
    if len(set(map(_by_key, found))) == len(found):
        return found
    counts = Counter(map(_by_key, found))
    alone = [p for p in found if counts[p.key] == 1]
    several = _apart(fund, sorted((p for p in found if counts[p.key] > 1), key=_rank))
    met = {p.key for p in several} & {p.key for p in alone}  # what was set apart may be called as another line is
    several += [p for p in alone if p.key in met]
    joined = (_total(list(same)) for _, same in groupby(sorted(several, key=_rank), key=_by_key))
    return [*(p for p in alone if p.key not in met), *joined]


def _apart(fund: str, lines: Sequence[Position]) -> list[Position]:
    """One identifier under two clearly different tickers and names in one file names one of them wrongly: the largest
    line keeps it, the others are known inside their fund only, until somebody says what they are."""
    kept = []
    for _, same in groupby(lines, key=lambda p: p.key):
        first, *others = same
        kept.append(first)
        for line in others:
            alone = f"local:{fund}:{line.identifier.upper()}/{ticker_root(line.ticker) or line.name.upper()}"
            kept.append(replace(line, key=alone, ids=()) if _is_another(first, line) else line)
    return kept


def _is_another(one: Position, other: Position) -> bool:
    if one.asset_class is not AssetClass.EQUITY or other.asset_class is not AssetClass.EQUITY:
        return False
    tickers = {ticker_root(one.ticker), ticker_root(other.ticker)}
    return (
        is_verified(one.key) and len(tickers) == 2 and "" not in tickers and name_similarity(one.name, other.name) < 0.5
    )


def is_in_conflict(position: Position) -> bool:
    """Whether another line of the same file bears this line's identifier, too (see `positions_of`)."""
    return position.key.startswith("local:") and bool(verified_ids(position.identifier))


def _total(lines: Sequence[Position]) -> Position:
    """The lines of one key as one position."""
    return contracts.total(lines) if contracts.is_contract(lines[0].key) else reduce(summed, lines)


def _rank(position: Position) -> tuple[str, Decimal, tuple[str, ...]]:
    """By key; of one key the largest line first, whose name the sum bears, so that no order of lines matters."""
    printed = (position.name, position.ticker, position.identifier, *position.ids)
    size = position.shares if position.shares is not None else position.weight or Decimal(0)
    return position.key, -size, printed


def _position(fund: str, line: Line) -> Position:
    parts, name, ticker, identifier, kind, ids = line.described or described(line)
    return Position(fund.join(parts), name, ticker, identifier, kind, line.shares, line.value, line.weight, ids)


def described(line: Line) -> Described:
    """What a line is, whatever its quantities and its fund."""
    return _described(
        line.name,
        line.ticker,
        line.identifier,
        line.isin,
        line.sedol,
        line.figi,
        line.asset_class,
        None if line.coupon is None else str(line.coupon),
        line.maturity,
        line.venue,
        line.stated,
    )


@lru_cache(maxsize=65536)  # the same lines come back every day, and in the next fund
def _described(
    name: str,
    ticker: str,
    identifier: str,
    isin: str,
    sedol: str,
    figi: str,
    asset_class: str,
    coupon: str | None,  # as text: 5.0 and 5 are equal numbers that read differently
    maturity: date | None,
    venue: str,
    stated: AssetClass | None,
) -> Described:
    line = Line(
        0,
        name,
        ticker,
        identifier,
        None,
        None,
        None,
        isin,
        sedol,
        figi,
        asset_class=asset_class,
        coupon=None if coupon is None else Decimal(coupon),
        maturity=maturity,
        venue=venue,
        stated=stated,
    )
    ids = ids_of(line)
    own_columns = (line.identifier, line.isin, line.sedol, line.figi)
    best = next((text for text in own_columns if verified_ids(text)), line.identifier)
    kind = line.stated or instruments.class_of(line.name, line.ticker, best, line.asset_class, verified=bool(ids))
    if line.stated is AssetClass.EQUITY and instruments.is_right(line.name):
        kind = AssetClass.RIGHT  # issuers list rights and warrants as shares; `class_of` has looked at the name
    own_terms = line.coupon is not None and line.maturity is not None
    if kind in (AssetClass.EQUITY, AssetClass.RIGHT) and (own_terms or any(map(_TREASURY.match, ids))):
        kind = AssetClass.BOND  # its own columns or its number say what its name does not
    parts = _key_parts(line, ids, kind)
    if kind is AssetClass.BOND:
        name = bonds.with_terms(name.strip(), line.coupon, maturity)
    grouped = contracts.is_contract(parts[0]) or parts[0].startswith("tba:")  # a month's number names no group
    return parts, name.strip(), ticker.strip(), identifier.strip(), kind, () if grouped else ids


def summed(one: Position, other: Position) -> Position:
    """Two lines of one position as one, described as `one` is."""
    return replace(
        one,
        shares=None if one.shares is None or other.shares is None else one.shares + other.shares,
        value=None if one.value is None or other.value is None else one.value + other.value,
        weight=None if one.weight is None or other.weight is None else one.weight + other.weight,
        ids=tuple(dict.fromkeys(one.ids + other.ids)),
        lines=one.lines + other.lines,
    )


def _with_weights(positions: tuple[Position, ...], net_assets: Decimal | None) -> tuple[Position, ...]:
    if all(p.weight is not None for p in positions):
        return positions
    total = net_assets or contracts.net_value(positions)
    if total <= 0:
        return positions
    return tuple(
        p
        if p.weight is not None or p.value is None
        else replace(p, weight=(p.value / total * 100).quantize(Decimal("0.0001")))
        for p in positions
    )


@lru_cache(maxsize=65536)
def _tokens(name: str) -> tuple[str, ...]:
    """The words of a name in capitals, without corporate ones. Letters lose their accents; those of other scripts
    stay, so that two Chinese names are as alike as their characters are."""
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.split(r"[\W_]+", name.upper())
    return tuple(w for w in words if w and w not in _CORPORATE)


@lru_cache(maxsize=65536)
def first_word(name: str) -> str:
    """The first word of a name that says who it is, in capitals; empty when there is none."""
    words = _tokens(name)
    return words[0] if words else ""


def is_one_company(one: Position, other: Position) -> bool:
    """Whether two securities are lines of one company: an ADR and the home share, two share classes, two venues.

    By name alone, and the first word must agree: Alibaba in New York and Hong Kong, Alphabet A and C, Elbit in
    New York and Tel Aviv. It joins nothing: events stay apart, a sentence names the other line.
    """
    if one.asset_class is not AssetClass.EQUITY or other.asset_class is not AssetClass.EQUITY:
        return False
    return are_of_one_company(one.name, other.name)


def are_of_one_company(one: str, other: str) -> bool:
    """Whether two names say one company, see `is_one_company`."""
    word = first_word(one)
    return bool(word) and word == first_word(other) and are_alike(one, other, SAME_COMPANY)


@lru_cache(maxsize=65536)
def share_class(name: str) -> str:
    """The class letter a name carries (`CLASS A`, `CL-C`, `- B`), or empty."""
    found = re.search(r"(?:\bCL(?:ASS)?[ -]*|[ -]-? ?)([A-D])$", name.upper().strip())
    return found.group(1) if found else ""


@lru_cache(maxsize=65536)
def name_similarity(one: str, other: str) -> float:
    """How alike two names are, 0 … 1: max(0.95 × shared tokens / smaller set, sequence ratio), corporate
    words dropped. 0.85 and above means the same issuer (57 of 57 links of the reference history right)."""
    a, b = _tokens(one), _tokens(other)
    if not a or not b:
        return 0.0
    return max(_shared(a, b), SequenceMatcher(None, " ".join(a), " ".join(b), autojunk=False).ratio())


@lru_cache(maxsize=65536)
def are_alike(one: str, other: str, least: float) -> bool:
    """Whether `name_similarity` is `least` or more, `least` being above 0. Most names are told apart by their lengths
    and letters; only those that are not are laid side by side, which takes ten times as long."""
    a, b = _tokens(one), _tokens(other)
    if not a or not b:
        return False
    if _shared(a, b) >= least:
        return True
    first, second = " ".join(a), " ".join(b)
    if 2.0 * min(len(first), len(second)) / (len(first) + len(second)) < least:
        return False
    pair = SequenceMatcher(None, first, second, autojunk=False)
    return pair.quick_ratio() >= least and pair.ratio() >= least


def _shared(a: Sequence[str], b: Sequence[str]) -> float:
    one, other = set(a), set(b)
    return 0.95 * len(one & other) / min(len(one), len(other))
