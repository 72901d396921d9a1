"""Carries out who hears of what: promises at once, lines for digests, corrections of what was told, one flood as one.

The pipeline says which item has something to tell; `core.rules` says to whom and how soon. Whoever was told at once is
told of every change, whatever the rules say by now; whoever read it in a digest finds the correction in the next one.
Everything happens in the caller's transaction; nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from monitor import telling
from monitor.core.hours import Cadence
from monitor.core.model import Severity
from monitor.core.rules import LOUDNESS, AlertPlan, Route, Subject, subject_of, ticker_names
from monitor.derive import Told
from monitor.notify.message import Form, Message, correct
from monitor.notify.message import withdraw as taken_back
from monitor.notify.wire import from_json, to_json
from monitor.routing import with_mutes
from monitor.store import digests, heard
from monitor.store.digests import Entry, NewEntry
from monitor.store.engine import Connection
from monitor.store.heard import Heard

NOBODY = Heard()
IN_DIGESTS = (Cadence.DAILY, Cadence.WEEKLY)


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A message somebody is to get at once for the first time: it may become part of a flood."""

    message: Message
    channel: str


class Announcer:
    """One pass over what an issuer's files changed. `finish` must be called at its end."""

    def __init__(
        self, conn: Connection, issuer_name: str, plan: AlertPlan, items: Collection[str], now: datetime
    ) -> None:
        self._conn, self._issuer_name, self._now = conn, issuer_name, now
        self._plan = with_mutes(plan, conn, now) if plan.everybody else plan
        self._heard = heard.of_items(conn, items)
        self._fresh: list[_Fresh] = []
        self._promised = 0

    def was_told(self, item: str) -> bool:
        """Whether a message about the item arrived somewhere, or may yet arrive."""
        return self._heard.get(item, NOBODY).anywhere

    def announce(self, told: Told, restated: str = "") -> None:
        """Tells everybody concerned of an item that is new or says something else; `restated` makes it a correction."""
        known = self._heard.get(told.item.key, NOBODY)
        routes = {route.channel: route for route in self._plan.routes(self._subject(told), self._now)}
        now = [name for name in self._channels(routes, known) if self._is_at_once(told, routes.get(name), known, name)]
        revision = known.revision + 1
        if now:
            message = telling.message_of(self._conn, self._issuer_name, told, revision, self._plan.page)
            if restated and revision > 1:
                message = correct(message, reason=restated)
            for name in now:
                digests.drop(self._conn, told.item.key, name)
                if name in known.promised:
                    self._promise(message, name)
                elif name in known.gathered:
                    self._fresh.append(_Fresh(message, name))
                else:  # nobody there has heard of it yet, so there is nothing to correct
                    self._fresh.append(_Fresh(replace(message, form=Form.ALERT, lines=()), name))
        later = [name for name in self._channels(routes, known) if name not in now]
        if later:
            line = telling.line_of(self._issuer_name, told, revision, self._plan.page)
            if restated and revision > 1:
                line = correct(line, reason=restated)
            for name in later:
                self._later(line, name, routes.get(name), known.gathered.get(name))

    def _channels(self, routes: Collection[str], known: Heard) -> list[str]:
        """Who may hear of it, and who has heard of it and still exists."""
        before = sorted((known.promised | known.gathered.keys() | known.waiting.keys()) & self._plan.hours.keys())
        return list(dict.fromkeys([*routes, *before]))

    def _is_at_once(self, told: Told, route: Route | None, known: Heard, channel: str) -> bool:
        if channel in known.promised:
            return True
        if route is None or route.heard is not Cadence.NOW:
            return False
        read = known.gathered.get(channel)  # in a digest: at once only when it has become louder since
        return read is None or LOUDNESS.index(told.item.severity) > LOUDNESS.index(Severity(read.severity))

    def _later(self, line: Message, channel: str, route: Route | None, read: Entry | None) -> None:
        """A line for the channel's digest, or none: then what waits there is taken out."""
        cadence = route.heard if route is not None else Cadence.NEVER
        if read is not None:
            again = line.form if line.form is Form.CORRECTION else Form.UPDATE
            form = Form.ALERT if from_json(read.message).form is Form.WITHDRAWN else again
            self._enter(replace(line, form=form), channel, cadence if cadence in IN_DIGESTS else _cadence(read))
        elif cadence in IN_DIGESTS:
            self._enter(replace(line, form=Form.ALERT), channel, cadence)
        else:
            digests.drop(self._conn, line.item, channel)

    def withdraw(self, item: str, reason: str) -> None:
        """Takes back what was promised, told at once or in a digest about an item that is no longer true."""
        known = self._heard.get(item, NOBODY)
        revision = known.revision + 1
        told = telling.withdraw(self._conn, item, self._plan, self._now, revision, reason)
        self._promised += len(told)
        digests.drop(self._conn, item)
        for channel, read in known.gathered.items():
            message = from_json(read.message)
            if channel not in told and message.form is not Form.WITHDRAWN:
                words = reason or telling.NO_LONGER_SHOWN
                gone = taken_back(message, revision=revision, at=self._now, reason=words)
                self._enter(gone, channel, _cadence(read))

    def finish(self) -> int:
        """Promises what is told at once for the first time, a flood of it as a digest; the number of all promises."""
        for channel in dict.fromkeys(one.channel for one in self._fresh):
            mine = [one.message for one in self._fresh if one.channel == channel]
            alone, together = self._divided(channel, mine)
            for message in alone:
                self._promise(message, channel)
            for message in together:
                self._enter(message, channel, Cadence.NOW)
            if together:
                self._promised += telling.promise_digest(self._conn, self._plan, channel, Cadence.NOW, self._now)
        return self._promised

    def _divided(self, channel: str, mine: list[Message]) -> tuple[list[Message], list[Message]]:
        """What comes one by one, and what becomes one message: high ones stay alone unless they are too many."""
        most = self._plan.flood
        if not most or len(mine) + heard.alerts_lately(self._conn, channel, self._now) <= most:
            return mine, []
        loud = [message for message in mine if message.severity is Severity.HIGH]
        if len(loud) > most:
            return [], mine
        return loud, [message for message in mine if message.severity is not Severity.HIGH]

    def _promise(self, message: Message, channel: str) -> None:
        self._promised += telling.promise(self._conn, message, channel, self._plan, self._now)

    def _enter(self, message: Message, channel: str, cadence: Cadence) -> None:
        hours = self._plan.hours_of(channel)
        flood = cadence is Cadence.NOW
        due = self._now if flood else hours.next_digest(self._now, cadence)
        name = telling.FLOOD if flood else cadence.value
        severity = message.severity.value
        entry = NewEntry(message.item, message.revision, channel, name, severity, due, to_json(message))
        digests.put(self._conn, entry, self._now)

    def _subject(self, told: Told) -> Subject:
        subject = subject_of(told.item, told.security)
        if not self._plan.asks_for_names:
            return subject
        printed = heard.names_of(self._conn, told.keys)
        return subject.also_called([text for name, ticker in printed for text in (name, *ticker_names(ticker))])


def _cadence(read: Entry) -> Cadence:
    """In which digest the correction of a line comes: that of the line, after a flood the daily one."""
    return Cadence.DAILY if read.cadence == telling.FLOOD else Cadence(read.cadence)
