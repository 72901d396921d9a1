"""What the servers of channels and issuers say. Each is asked once and politely; nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from monitor.core.errors import FetchError, MonitorError
from monitor.doctor.database import SLOW_CLOCK, WRONG_CLOCK
from monitor.doctor.finding import Finding, State

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.sources.spec import Source

OFFLINE = "not asked: --offline"


def channels(app: App, *, online: bool) -> Iterator[Finding]:
    """Whether every channel has its secrets, and (online) whether its server would take a message."""
    from monitor.notify.probing import probe

    for name, settings in app.config.channels.items():
        if name in app.config.unavailable:
            remedy = "Provide the secret: set the variable, or put the file there."
            yield Finding("channel", name, State.FAULT, app.config.unavailable[name], remedy)
        elif not online:
            yield Finding("channel", name, State.SKIPPED, OFFLINE)
        else:
            for answer in probe(settings):
                state = {True: State.OK, False: State.FAULT, None: State.WARNING}[answer.well]
                remedy = "" if answer.well else f"Correct [channels.{name}], then: holdings-monitor test-alert {name}"
                yield Finding("channel", name, state, f"{answer.asked}: {answer.text}", remedy)


def issuers(app: App, *, online: bool) -> Iterator[Finding]:
    """Whether each watched issuer's server answers: one file of each is asked for, and not kept."""
    try:
        watch = app.watch() if app.watch_list() else ()
        sources = app.sources()
    except MonitorError as error:
        yield Finding("issuer", "watch", State.FAULT, str(error), "See: holdings-monitor sources list")
        return
    for one in watch:
        if not online:
            yield Finding("issuer", one.issuer, State.SKIPPED, OFFLINE)
        else:
            funds = [fund.ticker for fund in sources[one.issuer].watched()]
            yield from _asked(app, sources[one.issuer], (*one.funds, *funds)[:1])


def _asked(app: App, source: Source, tickers: tuple[str, ...]) -> Iterator[Finding]:
    from monitor.sources.fetch import Fetched
    from monitor.sources.routes import is_dated, request_of

    now = app.clock()
    address = source.funds[tickers[0]].url_on(now.date()) if tickers else None
    if address is None:
        yield Finding("issuer", source.id, State.WARNING, "no address is known", f"sources show {source.id}")
        return
    try:
        request = request_of(source, source.funds[tickers[0]], address, now.date())
        answer = app.fetcher().fetch(request.url, request.profile)
    except FetchError as error:
        # A file of today that is not there yet says that the server answers.
        late = is_dated(source, address) and error.status in {404, 410, *source.sniff.absent_status}
        state = State.OK if late else State.FAULT
        text = f"{tickers[0]}: {error}"
        yield Finding("issuer", source.id, state, text, "" if late else "See: holdings-monitor status")
        return
    size = f"{len(answer.body):,} bytes" if isinstance(answer, Fetched) else "not modified"
    yield Finding("issuer", source.id, State.OK, f"{tickers[0]}: {size} in {answer.elapsed:.1f} s")
    yield from clock(source.id, dict(answer.headers).get("date"), now)


def clock(issuer: str, said: str | None, now: datetime) -> Iterator[Finding]:
    """This machine's clock beside the date a server put on its answer."""
    try:
        apart = abs((parsedate_to_datetime(said or "") - now).total_seconds())
    except (TypeError, ValueError):
        return
    if apart > SLOW_CLOCK:
        state = State.FAULT if apart > WRONG_CLOCK else State.WARNING
        text = f"{apart:,.0f} s from that of {issuer}'s server"
        yield Finding("clock", issuer, state, text, "Set the clock, and keep it by NTP.")
    else:
        yield Finding("clock", issuer, State.OK, f"{apart:,.0f} s from that of {issuer}'s server")
