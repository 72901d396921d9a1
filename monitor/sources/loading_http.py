"""Makes the manners of an issuer's server from its tables `[http]` and `[sniff]`, noting every fault."""

from __future__ import annotations

import json
import re
from decimal import Decimal

from monitor.sources.profile import Choice, HttpProfile, Link, Method, Paging, Pairs, Sniff, Tls, Token
from monitor.sources.toml_table import Table

PRINTABLE = r"[ -~]+"
ADDRESS = r"https?://[^\s/]+\S*"
NAME = r"[!-~]{1,60}"
MOST_LINKS = 3
NEVER_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})


def http(table: Table) -> HttpProfile:
    """The profile in `[http]`; what is left out is as of any server."""
    base = HttpProfile()
    profile = HttpProfile(
        user_agent=table.text("user_agent", base.user_agent, pattern=PRINTABLE, wanted="printable ASCII"),
        headers=_headers(table.table("headers")),
        referer=table.text("referer", "", pattern=ADDRESS, wanted="a web address"),
        query=_pairs(table.table("query")),
        method=table.choice("method", Method, Method.GET),
        form=_pairs(table.table("form")),
        json=_json(table),
        cookies=table.text("cookies", "", pattern="jar", wanted='"jar"') == "jar",
        before=table.text("before", "", pattern=ADDRESS, wanted="a web address"),
        token=_token(table),
        links=_links(table),
        pages=_pages(table),
        tls=table.choice("tls", Tls, Tls.MODERN),
        throttled=_statuses(table, "throttled_status", base.throttled),
        throttle_wait=_seconds(table, "throttle_wait_seconds", base.throttle_wait),
        min_interval=_seconds(table, "min_interval_seconds", base.min_interval, "0"),
        jitter=_seconds(table, "jitter_seconds", base.jitter, "0"),
        connect_timeout=_seconds(table, "connect_timeout_seconds", base.connect_timeout),
        read_timeout=_seconds(table, "read_timeout_seconds", base.read_timeout),
        total_timeout=_seconds(table, "total_timeout_seconds", base.total_timeout),
        max_bytes=int(table.number("max_bytes", Decimal(base.max_bytes), Decimal(1_000), Decimal(1_000_000_000))),
    )
    table.done()
    _agree(table, profile)
    return profile


def sniff(table: Table) -> Sniff:
    """The tests in `[sniff]` for what is no file."""
    found = Sniff(
        refuse_first=table.texts("refuse_first", Sniff().refuse_first),
        error_texts=_small(table, "error_texts"),
        must_start=_small(table, "must_start"),
        must_contain=_small(table, "must_contain"),
        redirects_to=tuple(_compiled(table, "redirects_to", text) for text in table.texts("redirects_to")),
        absent=_small(table, "absent"),
        absent_codes=table.texts("absent_codes"),
        absent_status=_statuses(table, "absent_status", frozenset()),
    )
    table.done()
    return found


def _seconds(table: Table, key: str, default: float, low: str = "0.1") -> float:
    return float(table.number(key, Decimal(str(default)), Decimal(low), Decimal(3600)))


def _small(table: Table, key: str) -> tuple[str, ...]:
    return tuple(text.casefold() for text in table.texts(key))


def _pairs(table: Table) -> Pairs:
    return tuple((key, table.text(key, "", pattern=PRINTABLE, wanted="printable ASCII")) for key in table.values)


def _headers(table: Table) -> Pairs:
    for key in table.values:
        if not re.fullmatch(r"[A-Za-z0-9-]+", key) or key.lower() in NEVER_OURS:
            table.fault(key, "is no header that can be chosen")
    return tuple((key, table.text(key, pattern=PRINTABLE, wanted="printable ASCII")) for key in table.values)


def _statuses(table: Table, key: str, default: frozenset[int]) -> frozenset[int]:
    """The refusals listed at `key`, each a number like 403."""
    table.asked.add(key)
    value = table.values.get(key, sorted(default))
    if not isinstance(value, list) or not all(type(one) is int and 400 <= one <= 599 for one in value):
        table.fault(key, f"wanted a list of numbers from 400 to 599, found {value!r}")
        return default
    return frozenset(value)


def _compiled(table: Table, key: str, text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        table.fault(key, f"{text!r} is not a regular expression: {error}")
        return re.compile("(?!)")


def _json(table: Table) -> str:
    """The body at `json`, a text of JSON or a table."""
    table.asked.add("json")
    value = table.values.get("json", "")
    if isinstance(value, dict):
        try:
            return json.dumps(value, default=_number, ensure_ascii=False)
        except TypeError:
            table.fault("json", "holds a date or a time; write it as text")
    elif not isinstance(value, str):
        table.fault("json", "wanted a table or a text")
    return value if isinstance(value, str) else ""


def _number(value: object) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    raise TypeError


def _token(table: Table) -> Token | None:
    text = table.text("token", "", pattern=r".{1,200}", wanted="a regular expression with one group")
    if text and _compiled(table, "token", text).groups != 1:
        table.fault("token", f"{text!r} must have one group: what is looked for")
    return Token(text) if text else None


def _links(table: Table) -> tuple[Link, ...]:
    found = []
    for one in table.tables("links"):
        pattern = one.text("pattern", pattern=r".{1,200}", wanted="a regular expression")
        _compiled(one, "pattern", re.sub(r"\{(date:[^{}]*|[A-Za-z]\w*)\}", "X", pattern))
        found.append(Link(pattern, one.choice("choose", Choice, Choice.FIRST)))
        one.done()
    if len(found) > MOST_LINKS:
        table.fault("links", f"no more than {MOST_LINKS} links are followed")
    return tuple(found)


def _pages(top: Table) -> Paging | None:
    if "pages" not in top.values:
        return None
    table, base = top.table("pages"), Paging("")
    made = Paging(
        rows=table.text("rows", pattern=r"\S+", wanted="the dotted path of the list"),
        next=table.text("next", "", pattern=r"\S+", wanted="the dotted path of the next address"),
        start=table.text("start", "", pattern=NAME, wanted="the name of a parameter"),
        count=table.text("count", "", pattern=NAME, wanted="the name of a parameter"),
        first=int(table.number("first", Decimal(base.first), Decimal(0), Decimal(1))),
        size=int(table.number("size", Decimal(base.size), Decimal(1), Decimal(100_000))),
        by_page=table.flag("by_page", False),
        total=table.text("total", "", pattern=r"\S+", wanted="the dotted path of the number of rows"),
        most=int(table.number("most", Decimal(base.most), Decimal(1), Decimal(200))),
    )
    table.done()
    if bool(made.next) == bool(made.start):
        table.fault("next", "give either `next` or `start`: how one page leads to another")
    return made


def _agree(table: Table, profile: HttpProfile) -> None:
    if profile.form and profile.json:
        table.fault("json", "a request has one body: give `form` or `json`")
    if (profile.form or profile.json) and profile.method is not Method.POST:
        table.fault("method", 'must be "POST" where there is a body')
    if profile.pages is not None and profile.method is Method.POST:
        table.fault("pages", "are asked for with GET")
    if profile.token is not None and not profile.before:
        table.fault("before", "is missing: the page that says the token")
