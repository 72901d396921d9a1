"""Two issuers may have funds of one ticker: whatever was named by a fund's ticker names its issuer, too.

Events get other ids, so they are derived again. Items keep theirs, because messages are bound to them. What a line is
known by inside its fund alone (`local:ARKG:…`) becomes `local:ark/ARKG:…`; where issuers shared such an identity, each
gets its own.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSIDE = ("local", "name", "ticker", "future", "option", "swap")  # schemes of identities inside a fund
Renamed = dict[tuple[str, str], str]  # issuer and old public id: the new one

PRINTED = ("name", "ticker", "identifier", "asset_class")
WISH = ("scope", "label", "channel", "until", "at", "by", "note", "ended_at")


def table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(one) for one in columns))


issuer = table("issuer", "id", "code")
fund = table("fund", "id", "issuer", "ticker")
security = table("security", "id", "key", "public")
listing = table("listing", "id", "security", *PRINTED)
holding = table("holding", "fund", "security", "listing")
operator_link = table("operator_link", "issuer", "earlier", "later")
presence = table("presence", "fund", "sha256", "key")
mute = table("mute", "id", "value", *WISH)
delivery = table("delivery", "id", "state", "message")
digest_entry = table("digest_entry", "id", "state", "message")
superseded = table("superseded", "item", "at", "body")


class Fund(NamedTuple):
    id: int
    issuer: int
    code: str
    ticker: str


def upgrade() -> None:
    query = sa.select(fund.c.id, fund.c.issuer, issuer.c.code, fund.c.ticker).select_from(
        fund.join(issuer, issuer.c.id == fund.c.issuer)
    )
    funds = [Fund(*row) for row in op.get_bind().execute(query.order_by(fund.c.issuer, fund.c.id))]
    renamed = securities(funds)
    presences({one.id: one.code for one in funds})
    mutes(renamed)
    documents(delivery, ("id",), "message", renamed, delivery.c.state.in_(["pending", "sending"]))
    documents(digest_entry, ("id",), "message", renamed, digest_entry.c.state == "waiting")
    documents(superseded, ("item", "at"), "body", renamed)
    derive_again()


def public_id(key: str) -> str:
    return "S" + hashlib.sha256(key.encode()).hexdigest()[:10].upper()


def fund_of(key: str) -> str | None:
    """The ticker of the fund inside which alone the key is an identity; None: it is one everywhere."""
    scheme, _, value = key.partition(":")
    ticker, colon, rest = value.partition(":")
    everywhere = scheme not in INSIDE or not colon or (scheme == "option" and rest in ("CALL", "PUT"))
    return None if everywhere else ticker


def named(key: str, code: str) -> str:
    """The key with its issuer."""
    scheme, _, value = key.partition(":")
    return f"{scheme}:{code}/{value}"


def securities(funds: Sequence[Fund]) -> Renamed:
    """Renames identities, and parts those that issuers shared."""
    conn, renamed = op.get_bind(), Renamed()
    owners, held = defaultdict[str, list[Fund]](list), dict[int, set[int]]()
    for one in funds:
        owners[one.ticker].append(one)
    for number, key, public in conn.execute(sa.select(security).order_by(security.c.id)).all():
        mine = owners.get(fund_of(key) or "", [])
        if len(mine) > 1:
            for one in mine:
                if one.id not in held:
                    lines = sa.select(holding.c.security).distinct().where(holding.c.fund == one.id)
                    held[one.id] = set(conn.execute(lines).scalars())
            mine = [one for one in mine if number in held[one.id]] or mine[:1]
        for place, one in enumerate(mine):
            new = named(key, one.code)
            renamed[one.code, public] = public_id(new)
            if place:
                part(number, new, one)
            else:
                row = sa.update(security).where(security.c.id == number)
                conn.execute(row.values(key=new, public=public_id(new)))
    return renamed


def part(number: int, key: str, owner: Fund) -> None:
    """Gives a fund its own identity beside the one it shared with another issuer's fund."""
    conn = op.get_bind()
    conn.execute(sa.insert(security).values(key=key, public=public_id(key)))
    own = conn.execute(sa.select(security.c.id).where(security.c.key == key)).scalar_one()
    lines = holding.c.fund == owner.id, holding.c.security == number
    for old, *printed in conn.execute(
        sa.select(listing.c.id, *(listing.c[one] for one in PRINTED)).where(listing.c.security == number)
    ).all():
        values = dict(zip(PRINTED, printed, strict=True))
        conn.execute(sa.insert(listing).values(security=own, **values))
        same = (listing.c[name] == text for name, text in values.items())
        new = conn.execute(sa.select(listing.c.id).where(listing.c.security == own, *same)).scalar_one()
        conn.execute(sa.update(holding).where(*lines, holding.c.listing == old).values(security=own, listing=new))
    for end in (operator_link.c.earlier, operator_link.c.later):
        words = sa.update(operator_link).where(operator_link.c.issuer == owner.issuer, end == number)
        conn.execute(words.values({end.name: own}))


def presences(codes: dict[int, str]) -> None:
    """Lists beside the daily files name identities by key."""
    conn = op.get_bind()
    for owner, sha256, key in conn.execute(sa.select(presence)).all():
        if fund_of(key) is not None:
            row = sa.update(presence).where(
                presence.c.fund == owner, presence.c.sha256 == sha256, presence.c.key == key
            )
            conn.execute(row.values(key=named(key, codes[owner])))


def mutes(renamed: Renamed) -> None:
    """Who muted a security that issuers shared muted both."""
    conn, ids = op.get_bind(), defaultdict[str, list[str]](list)
    for (_, old), new in renamed.items():
        ids[old].append(new)
    wishes = [mute.c[one] for one in WISH]
    for number, value in conn.execute(sa.select(mute.c.id, mute.c.value).where(mute.c.scope == "security")).all():
        for new in ids.get(value, [])[1:]:
            copy = sa.select(sa.literal(new), *wishes).where(mute.c.id == number)
            conn.execute(sa.insert(mute).from_select(["value", *WISH], copy))
        for new in ids.get(value, [])[:1]:
            conn.execute(sa.update(mute).where(mute.c.id == number).values(value=new))


def documents(
    of: sa.TableClause, key: Sequence[str], column: str, renamed: Renamed, *where: sa.ColumnElement[bool]
) -> None:
    """What is still to be sent, or was told and replaced, speaks of securities by their public ids."""
    conn = op.get_bind()
    query = sa.select(*(of.c[one] for one in key), of.c[column]).where(*where)
    for *values, text in conn.execute(query).all() if renamed else ():
        tree = json.loads(text)
        old = str((tree.get("security") or {}).get("id"))
        new = renamed.get((str(tree.get("issuer")), old))
        if new is not None:
            mine = (of.c[name] == value for name, value in zip(key, values, strict=True))
            conn.execute(sa.update(of).where(*mine).values({column: text.replace(f'"{old}"', f'"{new}"')}))


def derive_again() -> None:
    """Each issuer from its first file on."""
    op.execute(
        sa.text(
            "UPDATE issuer SET derive_from = (SELECT min(s.as_of) FROM snapshot s"
            " JOIN fund f ON f.id = s.fund WHERE f.issuer = issuer.id)"
        )
    )
