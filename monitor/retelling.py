"""What is told of a derivation: what is new, what says something else than before, and what no longer holds.

It writes promises and records within the caller's transaction; to whom they go is `announcing`, their words `telling`.
"""

from __future__ import annotations

import json
from datetime import date

from monitor import telling
from monitor.announcing import Announcer
from monitor.core.model import Arrival, Item
from monitor.core.rules import AlertPlan
from monitor.derive import Derivation
from monitor.intake import FRESH, Intake
from monitor.store import superseded


def revised(made: Derivation) -> int:
    """How many items that were there before say something else now or are gone."""
    now = {told.item.key: told.body for told in made.told if told.item.key in made.before}
    return sum(1 for key, body in made.before.items() if now.get(key) != body)


def tell(intake: Intake, made: Derivation, plan: AlertPlan) -> int:
    """Announces every item that is new and live or says something else, and takes back what no longer holds.

    Returns the number of promises.
    """
    live = [told for told in made.told if told.item.arrival is Arrival.LIVE]
    keys = {told.item.key for told in made.told}
    gone = made.before.keys() - keys
    announcer = Announcer(intake.conn, intake.source.name, plan, gone | {told.item.key for told in live}, intake.now)
    # A file redeemed today tells of the day it is dated; what is older than five sessions is told to nobody.
    since = min(intake.fresh, default=date.max - FRESH) - FRESH
    for told in live:
        item = told.item
        if item.day < since and not announcer.was_told(item.key):
            continue  # what has been told is corrected however late
        before = made.before.get(item.key)
        if before is None or _says_more(before, told.body):
            _keep_on_record(intake, announcer, item.key, before)
            announcer.announce(told, _restatement(intake, item, before))
    said = {_essence(told.body) for told in made.told} if intake.because else set()
    for key in sorted(gone):
        if _essence(made.before[key]) not in said:  # else the same is true of what the security is called now
            _keep_on_record(intake, announcer, key, made.before[key])
            announcer.withdraw(key, intake.because)
    return announcer.finish()


def _restatement(intake: Intake, item: Item, before: str | None) -> str:
    """Which files that the item rests on were published once more, and what was told before; "" when none was."""
    files = {(line.fund, line.as_of) for line in item.evidence} & intake.restated
    return telling.restatement(before, sorted(files)) if before is not None and files else ""


def _keep_on_record(intake: Intake, announcer: Announcer, item: str, before: str | None) -> None:
    """What was told and is no longer said stays on record."""
    if before is not None and announcer.was_told(item):
        superseded.keep(intake.conn, intake.issuer, item, before, intake.now)


def _essence(body: str) -> str:
    """What an item says, whatever its security is called."""
    tree = json.loads(body)
    keys = ("kind", "funds", "as_of", "active_shares", "shares_after", "value", "score")
    return json.dumps([tree.get(key) for key in keys])


def _says_more(before: str, after: str) -> bool:
    """Whether an item told before now says something else."""
    old, new = json.loads(before), json.loads(after)
    return any(
        old.get(key) != new.get(key) for key in ("kind", "funds", "active_shares", "value", "headline", "pos_session")
    )
