"""The parameters that questions share, so that a filter is called and means the same everywhere."""

from __future__ import annotations

from dataclasses import replace

from monitor.asking.question import Parameter, Want

FUND = Parameter("fund", Want.FUND, "Only this fund (ticker, or issuer/ticker).", example="ARKK")
ISSUER = Parameter("issuer", Want.ISSUER, "Only this issuer.", example="ark")
SECURITY = Parameter(
    "security",
    Want.SECURITY,
    "Only this security: public id, ticker (also a former one), CUSIP, ISIN, SEDOL or a name.",
    example="TSLA",
)
ON = Parameter(
    "on",
    Want.DAY,
    "The latest file dated so or before: 2021-09-03, yesterday, -30d. Default: the latest.",
    example="2021-09-03",
)
SINCE = Parameter("since", Want.DAY, "From this day on: 2021-09-03, yesterday, -30d.", example="2021-01-01")
UNTIL = Parameter("until", Want.DAY, "Up to this day.", example="2021-12-31")
AS_KNOWN = Parameter(
    "as_known",
    Want.INSTANT,
    "As we knew it then, before later corrections: 2021-09-03T14:00:00Z, or the end (UTC) of a date.",
    example="2026-01-31",
)

EVERY = Parameter(
    "every",
    Want.CHOICE,
    "How often: in every file, or in the last of each week or month.",
    default="month",
    choices=("file", "week", "month"),
    example="month",
)


def limit(default: str | None = None) -> Parameter:
    """How many rows at most."""
    return Parameter("limit", Want.COUNT, "At most so many rows.", default=default, example="20")


def of(parameter: Parameter, about: str = "") -> Parameter:
    """The parameter as an argument that must be given."""
    about = about or parameter.about.replace("Only this", "The")
    return replace(parameter, required=True, positional=True, about=about)


def other_fund() -> Parameter:
    """The fund that another is compared with."""
    about = "The fund to compare it with (ticker, or issuer/ticker)."
    return replace(FUND, name="other", required=True, positional=True, about=about, example="ARKW")
