"""Asks for one file and explains what came of it: every step, what was understood, what is wrong, what to do.

Nothing is stored, and nothing decided: it looks at the same things as a poll, and says more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from http import HTTPStatus
from typing import Literal

from monitor.core.errors import FetchError, ParseError
from monitor.core.model import HoldingsFile
from monitor.sources.absence import absence
from monitor.sources.fetch import Fetched, Fetcher, Step
from monitor.sources.naming import fund_of, name_of
from monitor.sources.profile import HttpProfile, Method
from monitor.sources.read import read_files
from monitor.sources.renaming import Page, allowed, fetch_page, files_on, pages, proposals
from monitor.sources.routes import Request, has_dated_links, is_dated, request_of
from monitor.sources.sniff import refuse_detour
from monitor.sources.spec import FundSpec, Source, Url

Verdict = Literal["read", "absent", "refused", "failed"]
MOST_PAGES = 3  # of the issuer, looked at for a file that is gone


@dataclass(frozen=True, slots=True)
class Probe:
    """What asking for the file of `fund` of `day` gave. `files` are those it holds: of a file of many funds, all.

    `trouble` is what is wrong in words ("" when nothing is), `code` the kind of refusal, `advice` what to do,
    `proposals` addresses the file may have now, `doubts` what nobody could confirm before. `body` is as it came.
    """

    fund: str
    day: date | None
    request: Request | None
    verdict: Verdict
    steps: tuple[Step, ...] = ()
    body: bytes = field(default=b"", repr=False)
    kind: str = ""
    name: str = ""
    files: tuple[HoldingsFile, ...] = ()
    trouble: str = ""
    code: str = ""
    advice: tuple[str, ...] = ()
    proposals: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def probe(source: Source, fund: FundSpec, fetcher: Fetcher, address: Url | None, day: date, *, now: datetime) -> Probe:
    """Fetches the file of `fund`, at `address` or where it is published, as of `day`; asks the issuer's page when it
    is gone. A fund without ticker is any fund."""
    steps: list[Step] = []
    address = address or fund.url_on(day)
    if address is None:
        words = "the fund has no address" + (f": {fund.why}" if fund.why else "")
        return Probe(fund.ticker, None, None, "failed", trouble=words, advice=("Give one: --url URL",))
    dated = is_dated(source, address)
    doubts = tuple(one.why for one in (source, fund) if not one.verified)
    made = Probe(fund.ticker, day if dated else None, None, "failed", doubts=doubts)
    try:
        request = request_of(source, fund, address, day)
        made = replace(made, request=request)
        got = fetcher.fetch(request.url, request.profile, note=steps.append)
    except FetchError as error:
        made = _failed(source, replace(made, steps=tuple(steps)), error, dated)
    else:
        assert isinstance(got, Fetched)  # no validators were sent
        made = _understood(source, replace(made, steps=tuple(steps)), got, dated, now)
    return _searched(source, fund, fetcher, made)


def _failed(source: Source, made: Probe, error: FetchError, dated: bool) -> Probe:
    statuses = {404, 410, *source.sniff.absent_status} | ({200} if has_dated_links(source) else set())
    missing = dated and error.status in statuses
    advice = (OTHER_DAY,) if missing else tuple(_advice(error, source.http))
    return replace(made, verdict="absent" if missing else "failed", trouble=str(error), advice=advice)


def _understood(source: Source, made: Probe, got: Fetched, dated: bool, now: datetime) -> Probe:
    assert made.request is not None
    name = name_of(made.request.place, got.name)
    made = replace(made, body=got.body, kind=dict(got.headers).get("content-type", ""), name=got.name)
    if dated and (words := absence(source, got, name, made.fund)):
        return replace(made, verdict="absent", trouble=words, advice=(OTHER_DAY,))
    try:
        refuse_detour(source, got.url)
        files = read_files(source, got.body, expected_fund=made.fund or None, name=name, fetched=now)
        _check_fund(source, files, made.fund, name)
    except ParseError as error:
        where = f" (row {error.row})" if error.row else ""
        advice = (UNREAD.get(error.code, UNREAD[""]),)
        return replace(made, verdict="refused", trouble=f"{error}{where}", code=error.code, advice=advice)
    return replace(made, verdict="read", files=files)


def _check_fund(source: Source, files: Sequence[HoldingsFile], fund: str, name: str) -> None:
    """Raises ParseError when a file names another fund than the one asked for."""
    for file in files:
        if fund and file.fund and (found := fund_of(source, file, name)) != fund:
            raise ParseError(f"the file is about {found}, but {fund} was asked for", code="fund")


def _searched(source: Source, fund: FundSpec, fetcher: Fetcher, made: Probe) -> Probe:
    """With the addresses that pages of the issuer show in place of a file that is gone."""
    if made.request is None:
        return made
    status = made.steps[-1].status if made.steps else None
    if made.verdict == "failed" and status == HTTPStatus.OK and made.request.profile.links:
        page = fetch_page(fetcher, made.steps[-1].url, source.http)
        return made if page is None else replace(made, proposals=allowed(files_on(page), fetcher, source.http))
    if made.code != "html" and not (made.verdict == "failed" and status in (404, 410)):
        return made
    for url in pages(source, fund, made.request.place)[:MOST_PAGES]:
        page = fetch_page(fetcher, url, source.http)
        found = proposals(page, made.request.place, fund.ticker, source.funds) if page is not None else []
        if kept := allowed(found, fetcher, source.http):
            return replace(made, proposals=kept)
    here = Page(made.request.url, made.body.decode("utf-8", "replace"))  # a page may link to the file
    return replace(made, proposals=allowed(files_on(here), fetcher, source.http))


OTHER_DAY = "There is no file of this day: it may be a holiday, too early or too long ago. Try another: --date DAY"
UNREAD = {
    "": "Keep the body (--save FILE), look at it, and try: sources try ID FILE",
    "html": "A page instead of a file: compare the address with the link on the issuer's page; it may want `referer`, "
    '`cookies = "jar"`, `before`, or `[[http.links]]` to be followed.',
    "columns": "Keep the body (--save FILE) and write its header down as another of [[formats]].",
    "as_of": "No date inside: see `date_from` and `[head]`; the name the server gives the file counts as its name.",
    "fund": "Compare the fund's `keys` and `codes` with what the file says: a wrong number leads to another fund.",
    "error-page": "The server answers 200 and sends something else: it may be throttling, or the file is gone.",
    "size": "Raise `max_bytes` or `max_rows` if the file is really that large.",
}


def _advice(error: FetchError, profile: HttpProfile) -> Iterator[str]:
    """What may help."""
    if error.status in (401, 403, 406):
        yield (
            "The server does not like how it is asked: try `user_agent`, `referer`, `headers` as a browser sends them "
            '(Accept, Sec-Fetch-*), `cookies = "jar"` or `before`.'
        )
        if error.status == 403 and 403 not in profile.throttled:
            yield "If it answers so only when asked often: `throttled_status = [403, 429]` and a longer interval."
        yield "If it refuses the connection as such, whatever is sent, no profile helps: say so in `why`."
    elif error.retry_after is not None or error.status == 429:
        yield f"Asked too often: wait {error.retry_after or 60:.0f} s, and raise `min_interval_seconds`."
    elif error.status in (404, 410):
        yield "The file may be late, renamed or gone: look at the issuer's page."
    elif error.status in (400, 405, 415, 422):
        also = "" if profile.method is Method.POST else ", or whether it wants a POST (`method`)"
        yield f"The server does not understand the request: compare address, `query` and body with a browser's{also}."
    elif error.status is not None and error.status >= 500:
        yield "The server is in trouble; try again later."
    elif "secure connection" in str(error):
        yield 'If the server is old: `tls = "compatible"`. A certificate that is not valid is never accepted.'
    elif error.status is None and error.retry:
        yield "Nobody answered: is the host's name right, and the network up?"
