"""What schedules beside the daily files say of an entry, an exit or an absence. It asks; `core.evidence` decides.

Only facts and the files up to the day being told are used, so that any order of arrival gives the same events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from monitor.core import claims, evidence, splits
from monitor.core.claims import Past
from monitor.core.events import Scene
from monitor.core.evidence import Fact, Narrowed, Presence
from monitor.core.model import Event, Evidence, Interval, Position
from monitor.core.sessions import change_interval
from monitor.core.spells import CRUMB_OF_PEAK, Closing, Opening
from monitor.derive.setting import Setting


@dataclass(frozen=True, slots=True)
class Witnessed:
    """An interval as files and schedules leave it, and the schedules that narrowed it."""

    narrowed: Narrowed
    verb: str  # entry | exit

    @property
    def interval(self) -> Interval:
        """The sessions in which it happened."""
        return self.narrowed.interval

    @property
    def facts(self) -> list[Fact]:
        """The facts it rests on, oldest first."""
        found = [f for f in (self.narrowed.held, self.narrowed.absent) if f is not None]
        return sorted(found, key=lambda f: f.session)


class Witness:
    """Answers for one issuer's funds."""

    def __init__(self, at: Setting) -> None:
        self.at = at

    def facts(self, ticker: str, root: str, known: Position, *, anywhere: bool = False) -> list[Fact]:
        """What the fund's schedules say of a position, oldest first; `anywhere`: as any fund of the issuer knows it."""
        schedules = self.at.book.schedules(ticker)
        if not schedules:
            return []
        roots = self.at.book.roots if anywhere else self.at.book.fund(ticker).roots
        return evidence.facts(schedules, evidence.who([known], roots.members(roots.of(root))))

    def entry(self, scene: Scene, opening: Opening) -> tuple[Scene, Opening, Witnessed]:
        """The sessions of an entry; the scene and the spell with them."""
        known = self.facts(scene.fund, opening.root, opening.position)
        found = evidence.entered(self.at.sessions(scene.fund), scene.interval, known)
        spell = replace(opening.spell, entry=found.interval)
        return replace(scene, interval=found.interval), replace(opening, spell=spell), Witnessed(found, "entry")

    def exit(self, scene: Scene, closing: Closing, interval: Interval, known: Position) -> Witnessed:
        """The sessions of an exit that files leave in `interval`."""
        facts = self.facts(scene.fund, closing.root, known)
        sessions = self.at.sessions(scene.fund)
        return Witnessed(evidence.left(sessions, interval, facts, closing.ending.last.shares), "exit")

    def hidden_until(self, scene: Scene, closing: Closing, known: Position) -> date | None:
        """The last session on which a schedule shows what files left out as too small; None: it was not hidden.

        A line below the publisher's resolution that is no crumb was never sold: ONVO in ARKK, April 2021.
        """
        end = closing.ending
        if closing.position is not None or end.exit_session is None or not self.at.source.resolution_on(end.exit_file):
            return None
        hidden = [
            f.session
            for f in self.facts(scene.fund, closing.root, known)
            if f.session >= end.exit_session and self._is_hidden(f, closing)
        ]
        return max(hidden, default=None)

    def _is_hidden(self, fact: Fact, closing: Closing) -> bool:
        below = self.at.source.resolution_on(fact.session)
        peak = closing.ending.peak.shares
        if fact.state is not Presence.HELD or fact.weight is None or fact.weight >= below:
            return False
        return fact.shares is not None and peak is not None and fact.shares > CRUMB_OF_PEAK * peak

    def settle(self, scene: Scene, closing: Closing, known: Position) -> tuple[Closing, Interval | None] | None:
        """The exit as schedules leave it, with its interval where they move it; None: it has not left."""
        until = self.hidden_until(scene, closing, known)
        if until is None:
            return closing, None
        now = scene.after.pos_session
        if now is None or now <= until or self.at.source.resolution_on(scene.after.as_of):
            return None
        end = replace(closing.ending, exit_file=scene.after.as_of, exit_session=now, exit_sha256="")
        return replace(closing, ending=end), change_interval(self.at.sessions(scene.fund), until, now)

    def before(self, ticker: str, root: str, known: Position, past: Past | None, entry: Interval) -> Past | None:
        """The last time it was held before an entry: what files say, or a schedule that saw it later."""
        facts = [f for f in self.facts(ticker, root, known) if not self._is_outweighed(ticker, f)]
        return self._later(ticker, root, facts, past, entry)

    def elsewhere(self, ticker: str, root: str, known: Position, entry: Interval) -> Past | None:
        """The last time one fund of the issuer held it, as schedules say; None when they do not."""
        facts = [f for f in self.facts(ticker, root, known, anywhere=True) if not self._is_outweighed(ticker, f)]
        return self._later(ticker, root, facts, None, entry)

    def _is_outweighed(self, ticker: str, fact: Fact) -> bool:
        """A daily file of the same session that hides nothing is the better witness."""
        covered = fact.session in self.at.book.covered(ticker)
        return covered and not self.at.source.resolution_on(fact.session)

    def _later(self, ticker: str, root: str, facts: Sequence[Fact], past: Past | None, entry: Interval) -> Past | None:
        if entry.first is None or entry.last is None or (past is not None and past.last_material is None):
            return past
        since = past.last_material if past is not None else None
        found = evidence.last_held(facts, entry.first, since, past.last_shares if past is not None else None)
        if found is not None:
            return self._past(ticker, root, facts, found, entry)
        traces = [f.session for f in facts if f.state is Presence.HELD and f.session < entry.first]
        if past is not None and traces and (past.last_held is None or traces[-1] > past.last_held):
            return replace(past, last_held=traces[-1])
        return past

    def _past(self, ticker: str, root: str, facts: Sequence[Fact], found: Fact, entry: Interval) -> Past:
        """A schedule as the last time: it was gone by the next file or the next schedule without it."""
        sessions = self.at.sessions(ticker)
        gone = [d for d in self.at.book.covered(ticker) if d > found.session]
        gone += [f.session for f in facts if f.session > found.session and f.state is Presence.NOT_LISTED]
        until = entry.last if entry.last is not None else found.session
        return Past(
            found.session,
            found.session,
            self._adjusted(ticker, root, found, until),
            found.schedule.as_of,
            change_interval(sessions, found.session, min([*gone, until])),
            ticker,
            self.at.source.resolution_between(found.session, until),
            found.schedule.called(),
            _evidence(ticker, found),
        )

    def _adjusted(self, ticker: str, root: str, fact: Fact, until: date) -> Decimal | None:
        if fact.shares is None:
            return None
        return splits.adjusted(fact.shares, fact.schedule.as_of, self.at.book.splits(ticker, root), until)

    def first_trace(self, ticker: str, root: str, known: Position, before: date | None) -> date | None:
        """The date of the first schedule that lists a position before session `before`, however small."""
        facts = self.facts(ticker, root, known)
        dated = [f.schedule.as_of for f in facts if f.state is Presence.HELD and before and f.session < before]
        return min(dated, default=None)

    def testified(self, event: Event, seen: Witnessed, shown: date | None) -> Event:
        """The event with the schedules that narrowed it; `shown` is the session of the file that shows it."""
        if not seen.facts:
            return event
        words = self._words(event.fund, seen)
        lines = tuple(_evidence(event.fund, fact) for fact in seen.facts)
        return replace(
            event, shown=shown, witnessed=words, claim=f"{event.claim.rstrip('.')}. {words}",
            evidence=(*event.evidence, *lines),
        )  # fmt: skip

    def _words(self, ticker: str, seen: Witnessed) -> str:
        """ "Held on 2021-06-30, not on 2021-09-30: exit between (…)."."""
        sessions, interval = self.at.sessions(ticker), seen.interval
        before = sessions.before(interval.first) if interval.first is not None else None
        told = "; ".join(_said(fact) for fact in seen.facts)
        return f"{claims.between(before, interval.last, seen.verb)} ({told})."


def _said(fact: Fact) -> str:
    if fact.state is not Presence.HELD:
        return f"not in {fact.schedule.called()}"
    return f"{claims.number(fact.shares)} shares in {fact.schedule.called()}"


def _evidence(fund: str, fact: Fact) -> Evidence:
    return Evidence(fund, fact.schedule.as_of, fact.schedule.sha256, _said(fact))
