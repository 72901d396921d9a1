"""Which items a feed holds, and what it says of each. It writes no format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from monitor.asking.arguments import Asked
from monitor.core.errors import UsageError
from monitor.core.rules import Rule
from monitor.store.engine import Connection
from monitor.store.queries.names import issuer_number
from monitor.store.queries.newest import Naming, ToldItem, newest_items, withdrawn_items

ENTRIES = 50
LOOKED_AT = 5_000  # items, newest first, among which those of a fund or watchlist are looked for
TAG = "tag:holdings-monitor.invalid,2026:"  # ids never change, wherever the page is reached (RFC 4151)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item in a feed; instants are RFC 3339."""

    id: str
    url: str
    title: str
    text: str
    published: str
    updated: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed; `updated` is that of its newest entry."""

    id: str
    title: str
    url: str
    page: str
    updated: str
    entries: tuple[Entry, ...]


def chosen(conn: Connection, asked: Asked, rules: Sequence[Rule], base: str) -> tuple[Entry, ...]:
    """The newest entries of what was asked, by when we came to know them."""
    fund, security = asked.fund(), asked.security("security")
    code = fund.issuer if fund is not None else asked.text("issuer")
    issuer = None if code is None else issuer_number(conn, code)
    rule = _rule(rules, asked.text("watchlist"))
    naming = Naming(conn) if rule is not None else None
    severities, found = set(asked.texts("severity")), []
    for one in _candidates(conn, issuer, fund.ticker if fund else "", None if security is None else security.ids):
        if fund is not None and fund.ticker not in _texts(one.body.get("funds")):
            continue
        if severities and one.body.get("severity") not in severities:
            continue
        if rule is not None and naming is not None and not rule.matches(naming.subject(one)):
            continue
        found.append(_entry(one, base))
        if len(found) == ENTRIES:
            break
    return tuple(sorted(found, key=lambda one: (one.updated, one.id), reverse=True))


def _candidates(
    conn: Connection, issuer: int | None, fund: str, securities: frozenset[int] | None
) -> Iterator[ToldItem]:
    if securities is None:  # what was withdrawn no longer says by itself which security it is
        yield from withdrawn_items(conn, issuer, ENTRIES // 5)
    yield from newest_items(conn, issuer, securities, LOOKED_AT, fund)


def _rule(rules: Sequence[Rule], name: str | None) -> Rule | None:
    if name is None:
        return None
    for rule in rules:
        if rule.name.casefold() == name.casefold():
            return rule
    known = ", ".join(rule.name for rule in rules) or "none; a watchlist is a [[rules]] entry of the configuration"
    raise UsageError(f"There is no watchlist {name!r}. Known: {known}")


def _entry(one: ToldItem, base: str) -> Entry:
    body = one.body
    known = str(body.get("known_at"))
    sign = "Withdrawn: " if one.withdrawn else "Corrected: " if one.changed else ""
    funds, security = _texts(body.get("funds")), body.get("security")
    name = str(security.get("name")) if isinstance(security, dict) else ""
    return Entry(
        id=f"{TAG}item:{one.id}",
        url=f"{base}/item/{quote(one.id, safe='')}",
        title=sign + _first(str(body.get("headline") or body.get("claim") or one.id)),
        text=_text(one, funds),
        published=_instant(known),
        updated=max(_instant(known), _instant(one.changed)) if one.changed else _instant(known),
        tags=tuple(text for text in (str(body.get("kind")), str(body.get("severity")), *funds, name) if text),
    )


def _text(one: ToldItem, funds: Sequence[str]) -> str:
    body = one.body
    lines = [str(body.get("claim") or "")]
    if one.withdrawn:
        lines.insert(0, "This is no longer so: it was told, and what we know now does not say it. It had said:")
    lines.append(f"Issuer {body.get('issuer')}, funds {', '.join(funds)}; file dated {body.get('as_of')}.")
    lines.append(f"Severity {body.get('severity')}, score {body.get('score')}, confidence {body.get('confidence')}.")
    return "\n".join(line for line in lines if line)


def _first(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:299]}…"


def _instant(text: str) -> str:
    """As stored (2021-09-03T22:15:00.000000Z), without the part of a second that is none."""
    return text.replace(".000000Z", "Z")


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
