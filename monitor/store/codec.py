"""How values are written into columns and read back: days, instants, exact scaled integers. No SQL here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import lru_cache
from itertools import repeat
from math import gcd
from operator import mul

from monitor.core.errors import StoreError

EPOCH = date(1970, 1, 1)
MAX_EXPONENT = 12
INT64 = 2**63 - 1
INT32 = 2**31 - 1
WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
HUNDRED = Decimal(100)
CENT = Decimal("0.01")  # times 64 bits: exact in every context, and faster than moving the point
MILLIONTH = Decimal("0.0001")

REVISIONS = 256  # numbers of snapshots to one as_of: a snapshot is as_of * REVISIONS + number of arrival


def day_of(value: date) -> int:
    """Days since 1970-01-01."""
    return (value - EPOCH).days


@lru_cache(maxsize=16384)  # the same few thousand days, in every row that is read
def date_of_day(day: int) -> date:
    """The date that many days after 1970-01-01."""
    return EPOCH + timedelta(days=day)


def maybe_date(day: int | None) -> date | None:
    """As `date_of_day`, where there may be none."""
    return None if day is None else date_of_day(day)


def maybe_decimal(text: str | None) -> Decimal | None:
    """The number in a text column, where there may be none."""
    return None if text is None else Decimal(text)


@lru_cache(maxsize=1024)  # one instant stands in most of what one run writes
def instant_text(value: datetime) -> str:
    """The instant in UTC as `YYYY-MM-DDTHH:MM:SS.ffffffZ`: text order is time order."""
    if value.tzinfo is None:
        raise StoreError(f"The instant {value} has no time zone.")
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rjust(26, "0") + "Z"


def parse_instant(text: str) -> datetime:
    """The instant that `instant_text` wrote."""
    return datetime.fromisoformat(text)


def maybe_text(value: datetime | None) -> str | None:
    """As `instant_text`, where there may be none."""
    return None if value is None else instant_text(value)


def maybe_instant(text: str | None) -> datetime | None:
    """As `parse_instant`, where there may be none."""
    return None if text is None else parse_instant(text)


def encode_shares(values: Sequence[Decimal | None]) -> tuple[list[int | None], int]:
    """The values as integers and their common exponent: the smallest in 0…12 that keeps every one exact.

    Counts that are not printed (None) stay None.
    """
    known = [value for value in values if value is not None]
    quick = _whole(known) or _raised(known)
    numbers, exponent = quick if quick is not None else _ratios(known)
    if len(known) == len(values):
        return [*numbers], exponent
    following = iter(numbers)
    return [None if value is None else next(following) for value in values], exponent


def _whole(values: list[Decimal]) -> tuple[list[int], int] | None:
    """As `_ratios`, for counts without decimals: nearly all files. None where there are others."""
    try:
        numbers = [int(value) for value in values]
    except (ValueError, OverflowError):  # no number at all
        return None
    return (numbers, 0) if numbers == values and _are_in_range(numbers) else None


def _raised(values: list[Decimal]) -> tuple[list[int], int] | None:
    """As `_ratios`, for counts with decimals. None where one cannot be kept."""
    try:
        raised = [value.scaleb(MAX_EXPONENT, WIDE) for value in values]
        numbers = [int(value) for value in raised]
    except (ValueError, OverflowError, InvalidOperation):
        return None
    if numbers != raised:
        return None
    common, exponent = gcd(*numbers), MAX_EXPONENT
    while exponent and common % 10 == 0:
        common, exponent = common // 10, exponent - 1
    lowered = 10 ** (MAX_EXPONENT - exponent)
    numbers = [number // lowered for number in numbers]
    return (numbers, exponent) if _are_in_range(numbers) else None


def _are_in_range(numbers: list[int]) -> bool:
    return not numbers or (max(numbers) <= INT64 and min(numbers) >= -INT64)


def _ratios(values: list[Decimal]) -> tuple[list[int], int]:
    """The plain way. Raises StoreError for a quantity that cannot be kept exactly."""
    known = {value: _ratio(value) for value in values}
    exponent = max((_places(bottom, value) for value, (_, bottom) in known.items()), default=0)
    scale = 10**exponent
    amounts = {value: _fits(top * scale // bottom, value, INT64) for value, (top, bottom) in known.items()}
    return [amounts[value] for value in values], exponent


def decode_shares(number: int | None, exponent: int) -> Decimal | None:
    """The quantity stored as `number / 10**exponent`, exactly, without trailing zeros; None when not printed."""
    if number is None:
        return None
    return Decimal(number) if exponent == 0 else _scaled(number, exponent)


def encode_value(value: Decimal | None) -> int | None:
    """Cents; a half cent goes to the even one."""
    if value is None:
        return None
    try:
        cents = int(scaled := value * HUNDRED)
        if cents == scaled and -INT64 <= cents <= INT64:
            return cents
    except (ValueError, OverflowError, InvalidOperation):  # what is no number gets its words below
        pass
    return _fits(_rounded(value, 2), value, INT64)


def encode_values(values: Sequence[Decimal | None]) -> list[int | None]:
    """As `encode_value` for each of the values; those of whole cents, as nearly all are, in one go."""
    try:
        scaled = list(map(mul, values, repeat(HUNDRED)))
        cents = list(map(int, scaled))
        if cents == scaled and _are_in_range(cents):
            return [*cents]
    except (TypeError, ValueError, OverflowError, InvalidOperation):  # None, or no number: see `encode_value`
        pass
    return list(map(encode_value, values))


def decode_value(cents: int | None) -> Decimal | None:
    """The amount in the file's currency."""
    return None if cents is None else Decimal(cents) * CENT


@lru_cache(maxsize=65536)
def encode_weight(value: Decimal | None) -> int | None:
    """Percent points as millionths of the fund; the half goes to the even one."""
    return None if value is None else _fits(_rounded(value, 4), value, INT32)


@lru_cache(maxsize=65536)  # a fund's weights are few and come again every day
def decode_weight(millionths: int | None) -> Decimal | None:
    """Percent points of the fund."""
    return None if millionths is None else Decimal(millionths) * MILLIONTH


def _ratio(value: Decimal) -> tuple[int, int]:
    if not value.is_finite():
        raise StoreError(f"The number {value} cannot be stored.")
    return value.as_integer_ratio()


def _places(bottom: int, value: Decimal) -> int:
    """How many decimals a fraction in lowest terms with this denominator has."""
    for places in range(MAX_EXPONENT + 1):
        if 10**places % bottom == 0:
            return places
    raise StoreError(f"The quantity {value} has more than {MAX_EXPONENT} decimals.")


def _rounded(value: Decimal, places: int) -> int:
    if not value.is_finite():
        raise StoreError(f"The number {value} cannot be stored.")
    return int(value.scaleb(places, WIDE).to_integral_value(ROUND_HALF_EVEN))


def _fits(number: int, value: Decimal, limit: int) -> int:
    if abs(number) > limit:
        raise StoreError(f"The number {value} is too large to be stored exactly.")
    return number


@lru_cache(maxsize=65536)  # counts change little from one file to the next
def _scaled(number: int, exponent: int) -> Decimal:
    while exponent and number % 10 == 0:
        number, exponent = number // 10, exponent - 1
    return Decimal(number).scaleb(-exponent, WIDE)
