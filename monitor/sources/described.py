"""Says in plain words what we know of a source: for people who want to know where a file comes from and how it is read.

It reads no files and asks nobody; everything it says stands in the source's TOML.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from monitor.sources.forms import Column, DateFrom, Format, QuantityUnit, TickerStyle, Units, WeightUnit
from monitor.sources.profile import HttpProfile, Method, Sniff, Tls
from monitor.sources.spec import ConventionPeriod, Source, Window

WEIGHTS = {
    WeightUnit.PERCENT: "percent points: 0.5 is half a percent",
    WeightUnit.FRACTION: "fractions: 0.5 is half the fund",
    WeightUnit.MIXED: "mixed: 0.5 is half the fund, 0.5% half a percent",
}
QUANTITIES = {QuantityUnit.SHARES: "shares", QuantityUnit.LOTS: "lots of 1,000 shares"}
TICKERS = {
    TickerStyle.PLAIN: "as printed",
    TickerStyle.BLOOMBERG: "with an exchange code, 1893 JP",
    TickerStyle.DOTTED: "with an exchange code, 6857.JP",
}
Part = tuple[str, str]  # a word and what it is about: ("weights", "percent points: …")


def addresses(source: Source) -> tuple[int, int]:
    """How many of the source's open funds have an address that was confirmed, and how many one that was not."""
    funds = [fund for fund in source.funds.values() if fund.url is not None]
    return sum(fund.verified for fund in funds), sum(not fund.verified for fund in funds)


def past(source: Source) -> str:
    """In a word how files of past days can be had from the issuer, "" when they cannot."""
    if source.backfill is not None:
        first = source.backfill.first
        return source.backfill.days.value + (f" since {first}" if first else "")
    templates = [*source.urls, *(url for fund in source.funds.values() for url in fund.urls)]
    return "dated addresses" if any(url.dated for url in templates) else ""


def parts(source: Source) -> Iterator[Part]:
    """What is known of a source, a line each; the same word may come several times."""
    seen = "as real files show it" if source.verified else f"not seen in a real file: {source.why}"
    yield "shape", f"{', '.join(sorted(source.shapes))}; {seen}"
    yield from _places(source)
    yield "as-of date", _date_rule(source, source.units)
    if source.also_dates:
        yield "as-of date", "also like " + ", ".join(form.value for form in source.also_dates)
    yield "weights", WEIGHTS[source.units.weight]
    yield "quantities", QUANTITIES[source.units.quantity] + (" of one creation unit" if source.per_unit else "")
    yield "numbers", "1.234,50" if source.units.decimal_comma else "1,234.50"
    listed = f"; without one listed in {source.venue}" if source.venue else ""
    yield "tickers", TICKERS[source.ticker_style] + listed
    if source.many_funds:
        yield "funds", "one file lists several; each line says whose it is"
    if not source.lists_cash:
        yield "cash", "is left out: weights may sum to less than the fund"
    for form in source.formats:
        yield "format", _format(source, form)
    for period in source.conventions:
        yield "date means", _convention(period)
    for window in source.windows:
        yield "published", _window(window)
    for one in source.resolutions:
        yield "left out", f"lines below {one.below} %{_period(one.valid_from, one.valid_to)}"
    for url in source.urls:
        yield "address", url.url + (f" – {url.note}" if url.note else "")
    yield "asked", _http(source.http)
    if refused := _sniff(source.sniff):
        yield "refused", refused
    if absent := _absent(source.sniff):
        yield "no file", absent
    yield "past days", _past(source)
    yield from _unconfirmed(source)
    for note in source.notes:
        yield "note", note


def _places(source: Source) -> Iterator[Part]:
    """Where in a document or a page the holdings stand."""
    if source.tables:
        yield "holdings at", ", ".join(path or "the document itself" for path in source.tables)
    if source.embedded is not None:
        yield "in a page", f"{source.embedded.within.value.replace('_', ' ')} {source.embedded.name}".strip()
    if source.html.table or source.html.row:
        yield "in a page", f"{source.html.table or source.html.row}, by id or class"
    for section in source.sections:
        names = ", ".join(name for aliases in section.columns.values() for name in aliases[:1])
        yield "section", f"{section.stated.value if section.stated else 'more lines'}: {names}"
    if source.catalogue is not None:
        yield "catalogue", source.catalogue.url + (f" – {source.catalogue.note}" if source.catalogue.note else "")


def _unconfirmed(source: Source) -> Iterator[Part]:
    reasons: dict[str, list[str]] = {}
    for fund in source.funds.values():
        if not fund.verified:
            reasons.setdefault(fund.why, []).append(fund.ticker)
    for why, funds in reasons.items():
        yield "not confirmed", f"{', '.join(funds)}: {why}"
    if source.others is not None:
        yield "not confirmed", f"any other fund whose code is like {source.others.pattern.pattern}: {source.others.why}"


def _date_rule(source: Source, units: Units) -> str:
    name = "in the file's name"
    if units.date_from is DateFrom.NAME:
        return name
    if units.date_from is DateFrom.FETCHED:
        return f"nowhere: the last session of {source.calendar} on or before the day it was fetched"
    inside = " or ".join(_date_places(source)) or "in no place we know"
    return inside + (f", else {name}" if units.date_from is DateFrom.EITHER else "")


def _date_places(source: Source) -> Iterator[str]:
    if Column.DATE in source.columns:
        once = ", printed once" if Column.DATE in source.fill_down else ""
        yield f"in the column {_either(source.columns[Column.DATE])} ({source.units.date_format.value}{once})"
    if Column.DATE in source.head.cells:
        row, at = source.head.cells[Column.DATE]
        yield f"in the cell {chr(ord('A') + at - 1)}{row} ({source.head.date_format.value})"
    if Column.DATE in source.head.labels:
        yield f"beside {_either(source.head.labels[Column.DATE])} ({source.head.date_format.value})"
    if Column.DATE in source.head.patterns:
        yield f"in a text like {source.head.patterns[Column.DATE].pattern} ({source.head.date_format.value})"


def _either(names: tuple[str, ...]) -> str:
    return " or ".join(f"“{name}”" for name in names)


def _period(first: date | None, last: date | None) -> str:
    return (f" from {first}" if first else "") + (f" to {last}" if last else "")


def _format(source: Source, form: Format) -> str:
    said = f"{form.shape.value}{_period(form.valid_from, form.valid_to)}: {', '.join(form.columns)}"
    if form.refused:
        return f"{said} – not read: {form.refused}"
    own = []
    if form.units.weight is not source.units.weight:
        own.append(f"weights are {WEIGHTS[form.units.weight]}")
    if form.units.quantity is not source.units.quantity:
        own.append(f"quantities are {QUANTITIES[form.units.quantity]}")
    if form.units.date_from is not source.units.date_from:
        own.append(f"as-of date {_date_rule(source, form.units)}")
    if form.units.date_format is not source.units.date_format:
        own.append(f"dates like {form.units.date_format.value}")
    if form.units.decimal_comma is not source.units.decimal_comma:
        own.append("numbers like 1.234,50" if form.units.decimal_comma else "numbers like 1,234.50")
    return " – ".join([said, *([f"{'; '.join(own)}"] if own else []), *([form.note] if form.note else [])])


def _convention(period: ConventionPeriod) -> str:
    whose = f" of {', '.join(period.funds)}" if period.funds else ""
    note = f" – {period.note}" if period.note else ""
    return f"{period.convention.value}{whose}{_period(period.valid_from, period.valid_to)}{note}"


def _window(window: Window) -> str:
    days = {0: "on its date", -1: "on the day before its date", 1: "on the day after its date"}
    first, last = (days.get(day, f"{day:+d} days from its date") for day in (window.first_day, window.last_day))
    spread = f"{window.first:%H:%M} {first} to {window.last:%H:%M} {last}"
    polls = ", ".join(f"{at:%H:%M}" for at in window.polls)
    return f"{spread}, {window.timezone}; asked at {polls}{_period(window.valid_from, window.valid_to)}"


def _http(http: HttpProfile) -> str:
    said = [f"with {http.method.value}, at most every {http.min_interval:g} s, as {http.user_agent}"]
    if http.before:
        said.append(f"after a visit to {http.before}" + (" that gives a token" if http.token else ""))
    if http.method is Method.POST:
        said.append("sending " + ("JSON" if http.json else "a form"))
    if http.referer:
        said.append(f"coming from {http.referer}")
    if http.headers:
        said.append("with the headers " + ", ".join(name for name, _ in http.headers))
    if http.cookies:
        said.append("keeping the cookies of a download")
    said += [f"following the {one.choose.value} link like {one.pattern}" for one in http.links]
    if http.pages is not None:
        said.append(f"page by page, {http.pages.size} rows each")
    if http.tls is Tls.COMPATIBLE:
        said.append("with the ciphers of old servers")
    if http.throttled != HttpProfile().throttled:
        said.append("taking " + ", ".join(map(str, sorted(http.throttled))) + " for “later”")
    return "; ".join(said)


def _sniff(sniff: Sniff) -> str:
    said = []
    if sniff.must_start:
        said.append("what does not begin with " + _either(sniff.must_start))
    if sniff.must_contain:
        said.append("what lacks " + ", ".join(f"“{text}”" for text in sniff.must_contain))
    if sniff.error_texts:
        said.append("what says " + _either(sniff.error_texts))
    if sniff.redirects_to:
        said.append("what leads to " + " or ".join(one.pattern for one in sniff.redirects_to))
    return "; ".join(said)


def _absent(sniff: Sniff) -> str:
    said = [f"“{text}”" for text in sniff.absent]
    said += [f"a body that is refused as {code}" for code in sniff.absent_codes]
    said += [f"status {status}" for status in sorted(sniff.absent_status)]
    return "of a day: " + ", ".join(said) if said else ""


def _past(source: Source) -> str:
    back = source.backfill
    if back is None:
        return past(source) or "cannot be asked for"
    note = f" – {back.url.note}" if back.url.note else ""
    return f"{past(source)}, at {back.url.url}{note}"
