"""Why an answer is empty, where the days asked for and the files we have explain it. It only adds to what is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.store.engine import Connection
    from monitor.store.queries import FundRef

MORE = "Load older ones with `ingest` or `evidence add`."


def explained(
    conn: Connection, empty: str, fund: FundRef | None, issuer: str | None, days: Mapping[str, date | None]
) -> str:
    """The sentence `empty`, and what our files say of the days `since`, `until` and `on` of the question."""
    from monitor.store import queries

    code = fund.issuer if fund is not None else issuer
    found = [one for one in queries.funds(conn, code) if one.files and fund in (None, _named(fund, one.fund))]
    firsts = [one.first_file for one in found if one.first_file is not None]
    lasts = [one.last_file for one in found if one.last_file is not None]
    whose = fund.ticker if fund is not None else "these funds" if code else "any fund"
    if not firsts or not lasts:
        return f"{empty} There are no files of {whose} yet: load some with `ingest`, or fetch with `check`."
    first, last = min(firsts), max(lasts)
    until, since = days.get("until") or days.get("on"), days.get("since")
    if until is not None and until < first:
        return f"{empty} There are no files of {whose} before {first}. {MORE}"
    if since is not None and since > last:
        return f"{empty} The last file of {whose} is dated {last}. Fetch newer ones with `check`."
    return f"{empty} We have files of {whose} from {first} to {last}."


def _named(fund: FundRef | None, ticker: str) -> FundRef | None:
    return fund if fund is not None and fund.ticker == ticker else None
