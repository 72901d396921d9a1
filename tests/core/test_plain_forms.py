"""What is computed fast says the same as its plain form, which stands here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import groupby

from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core import bonds, contracts, identity, instruments, quality
from monitor.core.identity import is_verified, name_similarity, ticker_root
from monitor.core.model import AssetClass, Line, Position
from monitor.core.quality import Finding
from tests.core.samples import D, holdings

TICKERS = ["", "QLN", "QLN UW", "RWN", "CLN6 COMDTY", "ESZ5", "USD", "FGXXX", "912797QQ4", "QLN 270430C00350000"]
NAMES = [
    "QUILLON ROBOTICS INC",
    "QUILLON ROBOTICS-W/I",
    "ROWANBERRY FOODS",
    "US DOLLARS",
    "AMBERLY 5.25% 03/15/2031",
    "TBA 30YR 5.5 AUG",
    "EUR/USD 09/08/2026",
    "CRUDE OIL FUTURE JUN 26",
    "ROWANBERRY TRS SWAP",
    "",
]
IDENTIFIERS = ["", "55501A105", "B3Z5T14", "US55501A1059", "4.37E+104", "X9USDGOLD", "LOCAL1", "912797QQ4"]
AMOUNTS = st.none() | st.sampled_from([0, -5, 1, 7, 1000, 1000]).map(D) | st.integers(-(10**9), 10**12).map(D)
LINES = st.builds(
    Line,
    st.just(2),
    st.sampled_from(NAMES),
    st.sampled_from(TICKERS),
    st.sampled_from(IDENTIFIERS),
    AMOUNTS,
    AMOUNTS,
    st.none() | st.integers(-500, 10_000).map(lambda n: D(n) / 100),
    isin=st.sampled_from(["", "", "US55501A1059", "GB00B3Z5T145"]),
    sedol=st.sampled_from(["", "", "B3Z5T14"]),
    asset_class=st.sampled_from(["", "", "Equity", "Fixed Income", "Option"]),
    coupon=st.sampled_from([None, None, D(5), D("5.0")]),
    maturity=st.sampled_from([None, date(2031, 3, 15)]),
    venue=st.sampled_from(["", "US"]),
    stated=st.sampled_from([None, None, AssetClass.CASH, AssetClass.BOND, AssetClass.FUTURE]),
)


def plain_position(fund: str, line: Line) -> Position:
    """As `positions_of` describes one line, with nothing remembered of others."""
    text = None if line.coupon is None else str(line.coupon)
    words = (line.isin, line.sedol, line.figi, line.asset_class, text, line.maturity, line.venue, line.stated)
    described = identity._described.__wrapped__(line.name, line.ticker, line.identifier, *words)
    _, name, ticker, identifier, kind, ids = described
    key = identity.key_of(fund, line, identity.ids_of(line), kind)
    return Position(key, name, ticker, identifier, kind, line.shares, line.value, line.weight, ids)


def plain_positions(fund: str, lines: list[Line]) -> tuple[Position, ...]:
    """`positions_of`, every line looked at as if it shared its key with others."""
    weights_only = all(line.shares is None for line in lines)
    found = [plain_position(fund, line) for line in lines if weights_only or line.shares is not None]
    apart = []
    for _, same in groupby(sorted(found, key=identity._rank), key=lambda p: p.key):
        first, *others = same
        apart.append(first)
        for one in others:
            alone = f"local:{fund}:{one.identifier.upper()}/{ticker_root(one.ticker) or one.name.upper()}"
            apart.append(replace(one, key=alone, ids=()) if is_another(first, one) else one)
    joined = groupby(sorted(apart, key=identity._rank), key=lambda p: p.key)
    return identity._with_weights(tuple(identity._total(list(same)) for _, same in joined), None)


def is_another(one: Position, other: Position) -> bool:
    if {one.asset_class, other.asset_class} != {AssetClass.EQUITY} or not is_verified(one.key):
        return False
    tickers = {ticker_root(one.ticker), ticker_root(other.ticker)}
    return len(tickers) == 2 and "" not in tickers and name_similarity(one.name, other.name) < 0.5


@given(st.lists(LINES, max_size=9))
@example([Line(2, NAMES[n], TICKERS[n], "55501A105", D(n + 1), D(9), D(1)) for n in (0, 3, 2)])
def test_positions_are_those_that_every_line_alone_gives(lines: list[Line]) -> None:
    expected = plain_positions("lantern/LANA", lines)
    for _ in range(2):  # made new, and remembered
        found = identity.positions_of("lantern/LANA", lines)
        assert repr(found) == repr(expected)  # equal numbers may read differently


@given(st.lists(LINES, max_size=5))
def test_what_a_reader_knows_of_a_line_is_what_is_found_without_it(lines: list[Line]) -> None:
    known = [replace(line, described=identity.described(line)) for line in lines]
    assert known == lines
    assert repr(identity.positions_of("lantern/LANA", known)) == repr(plain_positions("lantern/LANA", lines))


def test_a_line_set_apart_may_be_called_as_another_is() -> None:
    first = Line(2, "QUILLON ROBOTICS INC", "QLN", "55501A105", D(9), D(9), D(1))
    other = replace(first, name="ROWANBERRY FOODS", ticker="RWN", shares=D(1))
    named = replace(first, identifier="55501A105/RWN", name="ROWANBERRY FOODS", shares=D(4))
    lines = [first, other, named]
    found = identity.positions_of("lantern/LANA", lines)
    assert repr(found) == repr(plain_positions("lantern/LANA", lines))
    assert [(p.lines, p.shares) for p in found] == [(1, D(9)), (2, D(5))]


def plain_numbers(positions: list[Position]) -> list[Finding]:
    """What the gates say of share counts, every position looked at by itself."""
    shares = [p for p in positions if p.asset_class is AssetClass.EQUITY and p.shares is not None]
    worth = [p for p in shares if p.shares is not None and p.shares <= 0 and (p.value or 0) >= 1000]
    wrong = [p for p in worth if (p.weight or Decimal(0)) >= Decimal("0.02")]
    words = [f"{p.name} prints {p.shares:f} shares worth {p.value:,.0f}" for p in wrong[:1]]
    negative = [f"negative share count: {p.name}" for p in shares if p.shares is not None and p.shares < 0][:1]
    return [
        *(Finding("numbers", text, True, True) for text in words),
        *(Finding("numbers", text, False) for text in negative),
    ]


def plain_weights(positions: list[Position]) -> list[Finding]:
    """What the gates say of weights, every sum and every share of the value computed."""
    weights = [(p.weight, p) for p in positions if p.weight is not None]
    if not weights:
        return []
    levered = any(p.asset_class in contracts.CONTRACTS for p in positions)
    real = [weight for weight, p in weights if p.asset_class not in contracts.NOTIONAL]
    sums = (sum((weight for weight, _ in weights), Decimal(0)), sum(real, Decimal(0)))
    total = min(sums, key=lambda found: abs(found - 100))
    said = []
    if not 97 <= total <= 103:
        words = f"weights sum to {total:.2f} % ({'outside 90 … 110' if not 90 <= total <= 110 else 'usual 97 … 103'})"
        said.append(Finding("weights", words, not 90 <= total <= 110 and not levered, True))
    counted = [p for p in positions if p.weight]
    outright = [(p.weight, p.value, p) for p in counted if p.asset_class not in contracts.CONTRACTS and p.weight]
    if not outright or any(value is None for _, value, _ in outright):
        return said
    worths = (sum((p.value for p in counted if p.value is not None), Decimal(0)), contracts.net_value(counted))
    off = [
        max(((abs(w - v / worth * 100), p) for w, v, p in outright if v is not None), key=lambda pair: pair[0])
        for worth in worths
        if worth > 0
    ]
    worst, line = min(off, key=lambda pair: pair[0], default=(Decimal(0), positions[0]))
    if worst <= 1:
        return said
    words = f"{line.name}: printed weight {line.weight:.2f} % is {worst:.1f} points off its share of the value"
    return [*said, Finding("weight-value", words, worst > 5, True)]


SHARES_OF_A_WHOLE = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from([0, 0, 1, -1, 5, 6])), min_size=1, max_size=9
)


@given(st.lists(LINES, max_size=7))
def test_the_gates_on_numbers_say_what_every_position_by_itself_says(lines: list[Line]) -> None:
    positions = identity.positions_of("lantern/LANA", lines)
    found = quality.content(holdings(*lines), positions, expected_fund="LANA")
    said = [
        one for one in found if one.gate in ("numbers", "weights", "weight-value") and "no share count" not in one.text
    ]
    weighed = plain_weights(list(positions)) if any(line.weight is not None for line in lines) else []
    assert said == [*plain_numbers(list(positions)), *weighed]


@given(SHARES_OF_A_WHOLE)
def test_weights_are_compared_with_values_to_the_last_digit(parts: list[tuple[int, int]]) -> None:
    lines = [
        Line(2, "QUILLON ROBOTICS INC", f"Q{at}", "", D(value + 1), D(value), D(value + off))
        for at, (value, off) in enumerate(parts)
    ]
    positions = identity.positions_of("lantern/LANA", lines)
    found = quality.content(holdings(*lines), positions, expected_fund="LANA")
    assert [one for one in found if one.gate.startswith("weight")] == plain_weights(list(positions))


WORDS = ["QUILLON", "QUILON", "ROBOTICS", "FOODS", "INC", "-W/I", "NV", "國巨", "É"]
PRINTED = st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join) | st.text("ABCN *É", max_size=12)


@given(PRINTED, PRINTED, st.sampled_from([0.3, 0.5, 0.85, 0.9, 0.95, 1.0]))
def test_names_are_alike_when_their_similarity_says_so(one: str, other: str, least: float) -> None:
    assert identity.are_alike(one, other, least) is (name_similarity(one, other) >= least)


def plain_check_digit(text: str) -> str:
    """The ninth character of a CUSIP, computed digit by digit."""
    total = 0
    for place, character in enumerate(text):
        value = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*@#".index(character) * (1 + place % 2)
        total += value // 10 + value % 10
    return str((10 - total % 10) % 10)


@given(st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*@#", min_size=8, max_size=8))
def test_check_digits_are_those_computed_digit_by_digit(text: str) -> None:
    digit = identity.cusip_check_digit(text)
    assert digit == plain_check_digit(text)
    assert [n for n in "0123456789" if identity.cusip_is_valid(text + n)] == [digit]


def plain_isin(text: str) -> bool:
    """Whether twelve characters add up as an ISIN's, computed digit by digit."""
    digits = "".join(str(int(character, 36)) for character in text)
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


@given(st.from_regex(r"[A-Z]{2}[A-Z0-9]{9}\d", fullmatch=True))
@example("US037833100\u0665")
def test_isins_add_up_as_computed_digit_by_digit(text: str) -> None:
    assert identity.isin_is_valid(text) is plain_isin(text)
    assert [identity.isin_is_valid(text[:11] + n) for n in "0123456789"].count(True) == 1


PARTS = [
    *("PLACE", "HOLD", "PLACEHOLDER", "UNREGISTERED", "ESCROW", "WARRANT", "WARRANTS", "RIGHT", "RIGHTS", "BRIGHT"),
    *("RTS", "PARTS", "WHEN", "ISSUED", "WHEN-ISSUED", "W/I", "CVR", "WT", "WTS", "NEWT", "-CW26", "CW26", "VALUE"),
    *("CONTINGENT", "QUILLON", "INC", "-", "/", "TBA", "STBA", "5.25%", "5 1/4", "03/15/2031", "3/5/31", "2031-03-15"),
    *("REG S", "144A", "MTN", "B", "BILL", "BILLS", "EUR/USD", "EURUSD", "FWRDEURUSD", "FUTURE", "CLN6 COMDTY", "ESZ5"),
    *("ESU6 INDEX", "\u0663"),
]
PRINTED_NAMES = st.lists(st.sampled_from(PARTS), max_size=5).flatmap(
    lambda parts: st.sampled_from([" ", "", "\t"]).map(lambda between: between.join(parts))
)


@given(PRINTED_NAMES)
def test_words_are_found_as_without_looking_for_their_hints(name: str) -> None:
    assert instruments.is_right(name) is (instruments._RIGHT_WORDS.search(instruments.plain(name)) is not None)
    text = " ".join(name.upper().split())
    assert (bonds.terms(name) is not None) is bool(bonds._TERMS.search(text) or bonds._BILL.search(text))
    assert bool(bonds.tba_key(name)) is (bonds._TBA.search(text) is not None)


@given(PRINTED_NAMES, st.sampled_from(PARTS), st.sampled_from(PARTS))
def test_forwards_are_those_that_are_no_future(name: str, ticker: str, identifier: str) -> None:
    coded = any(contracts.of_code(instruments.plain(text)) for text in (ticker, identifier))
    pairs = [contracts.currency_pair(name, instruments.CURRENCIES)]
    if identifier.startswith("FWRD"):
        pairs.append(contracts.currency_pair(identifier, instruments.CURRENCIES))
    is_future = coded or instruments._FUTURE_WORDS.search(instruments.plain(name)) is not None
    found = next(filter(None, pairs), "")
    assert instruments.forward_pair(name, ticker, identifier) == ("" if is_future else found)


@given(PRINTED_NAMES, st.sampled_from(["", "QLN"]), st.sampled_from(["", "55501A105"]))
def test_a_share_is_looked_at_once_for_the_words_of_a_right(name: str, ticker: str, identifier: str) -> None:
    kind = instruments.class_of(name, ticker, identifier, verified=bool(identifier))
    assert not (kind is AssetClass.EQUITY and instruments.is_right(name))
