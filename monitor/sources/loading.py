"""Makes a `Source` from the text of a TOML file, naming every fault at once.

It opens no files; `registry` finds them.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from monitor.core.model import Convention
from monitor.sources.cells import normalise
from monitor.sources.forms import Shape, TickerStyle
from monitor.sources.loading_documents import document, paths
from monitor.sources.loading_forms import (
    also_dates,
    asset_classes,
    asset_codes,
    columns,
    file_format,
    fill_down,
    head,
    units,
)
from monitor.sources.loading_http import ADDRESS, http, sniff
from monitor.sources.loading_pages import embedded, html_page, name_pattern, sections, totals
from monitor.sources.routes import is_dated
from monitor.sources.spec import (
    DATED,
    PLACEHOLDER,
    Backfill,
    Cadence,
    Catalogue,
    ConventionPeriod,
    Dated,
    FundKind,
    FundSpec,
    OtherFunds,
    PastDays,
    Resolution,
    Source,
    Url,
    Window,
    addressed,
)
from monitor.sources.toml_table import Table

MERGED = ("http", "sniff", "head", "columns", "asset_classes", "other_funds")  # tables a brand adds to
ADDED = ("formats", "asset_codes", "notes")  # lists a brand replaces or, as `more_formats`, adds to; its own first
KEY = r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}"  # goes into addresses
TICKER = r"[A-Z0-9][A-Z0-9._\-]{0,39}"


def parse_source(text: str, filename: str) -> tuple[Source | None, list[str]]:
    """The one source described by `text`, or None, and every fault as "file: key: problem"."""
    found, faults = parse_sources(text, filename)
    return (found[0] if found and not faults else None), faults


def parse_sources(text: str, filename: str) -> tuple[list[Source], list[str]]:
    """The sources described by `text`, none when it has faults, and every fault as "file: key: problem".

    `[[brands]]` share what stands above them: each is a source of its own, with what it says in place of that.
    """
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        return [], [f"{filename}: is not TOML: {error}"]
    faults: list[str] = []
    brands = values.pop("brands", None)
    if brands is None:
        sources = [_source(Table(values, "", faults))]
    elif not isinstance(brands, list) or not brands or not all(isinstance(brand, dict) for brand in brands):
        return [], [f"{filename}: brands: wanted [[brands]] tables"]
    else:
        sources = [_source(Table(_branded(values, one), _brand(one, n), faults)) for n, one in enumerate(brands, 1)]
    return ([] if faults else sources), [f"{filename}: {fault}" for fault in faults]


def _branded(shared: dict[str, object], own: dict[str, object]) -> dict[str, object]:
    """What a brand says over what all say; of the tables of HTTP and of names, key by key. `more_formats` and its like
    are added to what all say."""
    made = {**shared, **own}
    for key in MERGED:
        common, special = shared.get(key), own.get(key)
        if isinstance(common, dict) and isinstance(special, dict):
            made[key] = {**common, **special}
    for key in ADDED:
        common, special = shared.get(key, []), own.get(f"more_{key}")
        if isinstance(common, list) and isinstance(special, list):
            made[key] = [*special, *common]
            del made[f"more_{key}"]
    return made


def _brand(own: dict[str, object], number: int) -> str:
    return f"brands.{own.get('id', number)}."


def _source(top: Table) -> Source:
    formless = top.values.get("verified") is False and "formats" not in top.values  # listed, so that `why` is told
    named, required = columns(top) if not formless else ({}, ())
    templates = tuple(_url(t, {}, template=True) for t in top.tables("urls"))
    unconfirmed = top.text("unconfirmed", "")  # why no fund is watched, unless one says itself that it is verified
    page = top.text("page", "", pattern=ADDRESS, wanted="a web address")
    others, parts = _others(top, unconfirmed), sections(top)
    shape, usual = top.choice("shape", Shape), units(top)
    source = Source(
        id=top.text("id", pattern=r"[a-z][a-z0-9-]{1,30}", wanted="a short name of small letters"),
        name=top.text("name"),
        shape=shape,
        currency=top.text("currency", pattern=r"[A-Z]{3}", wanted="a currency code like USD"),
        calendar=top.text("calendar", pattern=r"[A-Z0-9]{3,6}", wanted="an exchange code like XNYS"),
        units=usual,
        http=http(top.table("http")),
        sniff=sniff(top.table("sniff")),
        columns=MappingProxyType(named),
        required=required,
        formats=tuple(file_format(t, usual, required, shape) for t in top.tables("formats", required=not formless)),
        conventions=tuple(_convention(t) for t in top.tables("conventions", required=True)),
        windows=tuple(_window(t) for t in top.tables("windows")),
        resolutions=tuple(_resolution(t) for t in top.tables("resolutions")),
        funds=MappingProxyType(_funds(top, templates, page, unconfirmed, listed=others is None)),
        delimiter=top.text("delimiter", ",", pattern=r"[,;|\t]", wanted="one of , ; | or a tab"),
        max_rows=int(top.number("max_rows", Decimal(20_000), Decimal(1), Decimal(1_000_000))),
        homepage=top.text("homepage", ""),
        notes=top.texts("notes"),
        closing_text=top.flag("closing_text", False),
        head=head(top, usual),
        tables=paths(top),
        document=document(top),
        venue=top.text("venue", "", pattern=r"[A-Z0-9]{2,6}", wanted="an exchange code like XTAI or US"),
        ticker_style=top.choice("ticker_style", TickerStyle, TickerStyle.PLAIN),
        asset_classes=MappingProxyType(asset_classes(top, parts)),
        asset_codes=asset_codes(top),
        lists_cash=top.flag("lists_cash", True),
        per_unit=top.flag("per_unit", False),
        others=others,
        verified=top.flag("verified", True),
        why=top.text("why", ""),
        urls=templates,
        page=page,
        html=html_page(top),
        embedded=embedded(top),
        sections=parts,
        totals=totals(top),
        name_pattern=name_pattern(top),
        many_funds=top.flag("many_funds", False),
        any_order=top.flag("any_order", False),
        fill_down=fill_down(top),
        also_dates=also_dates(top),
        catalogue=_catalogue(top),
        backfill=_backfill(top),
    )
    if not source.verified and not source.why:
        top.fault("why", "is missing; say what is known of the shape, and from where")
    top.done()
    _check(source, top)
    return source


def _others(top: Table, unconfirmed: str) -> OtherFunds | None:
    if "other_funds" not in top.values:
        return None
    table = top.table("other_funds")
    why = table.text("why", unconfirmed or None)
    in_name = table.pattern("in_name") if "in_name" in table.values else None
    if in_name is not None and in_name.groups != 1:
        table.fault("in_name", "must have one group: the code of the fund")
    found = OtherFunds(table.pattern("pattern"), table.choice("kind", FundKind), why, in_name)
    table.done()
    return found


def _backfill(top: Table) -> Backfill | None:
    if "backfill" not in top.values:
        return None
    table = top.table("backfill")
    made = Backfill(
        url=Url(table.text("url"), note=table.text("note", "")),
        first=table.day("first"),
        days=table.choice("days", PastDays, PastDays.SESSIONS),
        absent=tuple(text.casefold() for text in table.texts("absent")),
        absent_codes=table.texts("absent_codes"),
    )
    _check_address(table, made.url, PLACEHOLDER.sub("X", made.url.url))
    table.done()
    return made


def _catalogue(top: Table) -> Catalogue | None:
    if "catalogue" not in top.values:
        return None
    table = top.table("catalogue")
    keys = table.table("keys")
    found = Catalogue(
        url=table.text("url", pattern=r"https?://[^\s/{}]+\S*", wanted="a web address"),
        shape=table.choice("shape", Shape),
        ticker=tuple(map(normalise, table.texts("ticker", None))),
        name=tuple(map(normalise, table.texts("name"))),
        keys=MappingProxyType({key: tuple(map(normalise, keys.texts(key, None))) for key in keys.values}),
        page=tuple(map(normalise, table.texts("page"))),
        tables=paths(table),
        names=table.text("names", ""),
        note=table.text("note", ""),
    )
    table.done()
    return found


def _convention(table: Table) -> ConventionPeriod:
    made = ConventionPeriod(
        convention=table.choice("convention", Convention),
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
        funds=table.texts("funds"),
        note=table.text("note", ""),
    )
    return _finish(table, made)


def _window(table: Table) -> Window:
    zone = table.text("timezone")
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):  # a name that is no key, a folder, or a path
        table.fault("timezone", f"{zone!r} is not a known time zone")
    made = Window(
        timezone=zone,
        first=table.clock("first"),
        last=table.clock("last"),
        polls=table.clocks("polls"),
        first_day=_days(table, "first_day"),
        last_day=_days(table, "last_day"),
        valid_from=table.day("valid_from"),
        valid_to=table.day("valid_to"),
    )
    return _finish(table, made)


def _days(table: Table, key: str) -> int:
    return int(table.number(key, Decimal(0), Decimal(-7), Decimal(92)))


def _resolution(table: Table) -> Resolution:
    below = table.number("below", None, Decimal(0), Decimal(1))
    return _finish(table, Resolution(below, table.day("valid_from"), table.day("valid_to")))


def _funds(top: Table, templates: Sequence[Url], page: str, unconfirmed: str, *, listed: bool) -> dict[str, FundSpec]:
    generations = {t.text("id"): t for t in top.tables("generations")}
    found: dict[str, FundSpec] = {}
    for table in top.tables("funds", required=listed):
        fund = _fund(table, generations, templates, page, unconfirmed)
        if fund.ticker in found:
            table.fault("ticker", f"{fund.ticker!r} is given twice")
        found[fund.ticker] = fund
    for table in generations.values():
        table.asked |= {"url", "valid_from", "valid_to", "note"}
        table.done()
    return found


def _fund(
    table: Table, generations: dict[str, Table], templates: Sequence[Url], page: str, unconfirmed: str
) -> FundSpec:
    verified = table.flag("verified", not unconfirmed)
    fund = FundSpec(
        ticker=table.text("ticker", pattern=TICKER, wanted="a ticker in capitals"),
        name=table.text("name"),
        kind=table.choice("kind", FundKind),
        cadence=table.choice("cadence", Cadence, Cadence.DAILY),
        inception=table.day("inception"),
        closed=table.day("closed"),
        urls=tuple(_url(t, generations) for t in table.tables("urls")),
        codes=table.texts("codes"),
        verified=verified,
        why=table.text("why", "" if verified else unconfirmed),
        page=table.text("page", "", pattern=ADDRESS, wanted="a web address"),
        keys=MappingProxyType(_keys(table.table("keys"))),
    )
    fund = addressed(fund, templates, page)
    table.done()
    if not fund.verified and not fund.why:
        table.fault("why", "is missing; say why the fund is not verified")
    if fund.verified and fund.closed is None and fund.url is None:
        table.fault("urls", "a verified open fund needs an address without valid_to")
    _no_overlap(table, "urls", fund.urls)
    return fund


def _keys(table: Table) -> dict[str, str]:
    for name in table.values:
        if not PLACEHOLDER.fullmatch(f"{{{name}}}") or name in ("T", "t"):
            table.fault(name, "is no name of a key: letters, digits and _, but not T or t")
    return {name: table.text(name, pattern=KEY, wanted="a key of letters, digits and ._/+-") for name in table.values}


def _url(table: Table, generations: dict[str, Table], *, template: bool = False) -> Url:
    generation = table.text("generation", "")
    base = generations.get(generation)
    if generation and base is None:
        table.fault("generation", f"{generation!r} is not defined")
    address = base.text("url") if base else table.text("url")
    if "{file}" in address:
        address = address.replace("{file}", table.text("file"))
    made = Url(
        url=address,
        valid_from=table.day("valid_from") or (base.day("valid_from") if base else None),
        valid_to=table.day("valid_to") or (base.day("valid_to") if base else None),
        note=table.text("note", ""),
    )
    _check_address(table, made, PLACEHOLDER.sub("x", address) if template else address)
    return _finish(table, made)


def _check_address(table: Table, made: Url, address: str) -> None:
    """Faults of an address in which only the date is still open."""
    parts = urlsplit(address)
    plain = DATED.sub("", address)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s{}]", plain):
        table.fault("url", f"{made.url!r} is not a web address")
    elif not parts.netloc == urlsplit(plain).netloc == urlsplit(made.url).netloc:
        table.fault("url", f"{made.url!r} has a date or a key in the name of its host")
    elif made.dated and "D" not in "".join(DATED.findall(address)):
        table.fault("url", f"{made.url!r} has no day in its date: write {{date:YYYYMMDD}}")


K = TypeVar("K", Url, ConventionPeriod, Window, Resolution)


def _finish(table: Table, made: K) -> K:
    table.done()
    if made.valid_from and made.valid_to and made.valid_from > made.valid_to:
        table.fault("valid_to", "is before valid_from")
    return made


def _no_overlap(table: Table, key: str, items: Sequence[Dated]) -> None:
    for before, after in pairwise(items):
        if (before.valid_to or date.max) >= (after.valid_from or date.min):
            table.fault(key, f"periods overlap or are out of order around {after.valid_from or 'the beginning'}")


def _check(source: Source, top: Table) -> None:
    if source.backfill is not None and not is_dated(source, source.backfill.url):
        top.fault("backfill.url", f"{source.backfill.url.url!r} has no date: write {{date:YYYYMMDD}}")
    known = {alias for aliases in source.columns.values() for alias in aliases}
    for number, form in enumerate(source.formats, start=1):
        needed = {column: set(source.columns.get(column, ())) for column in form.required}
        missing = [column for column, names in needed.items() if not names & set(form.columns)]
        if missing and not form.refused:
            top.fault(f"formats[{number}].columns", f"lack the required {', '.join(missing)}; say why it is `refused`")
        if not known & set(form.columns) and not form.refused:
            top.fault(f"formats[{number}].columns", "none of them is known")
    for number, period in enumerate(source.conventions, start=1):
        for fund in period.funds:
            if fund not in source.funds:
                top.fault(f"conventions[{number}].funds", f"{fund!r} is not a fund of this source")
    _no_overlap(top, "conventions", [c for c in source.conventions if not c.funds])
