"""Makes the digests whose time has come out of the lines that wait for them. It chooses no lines and sends nothing.

What is due is a question to the database: after a time down there is one digest with all that waited. Two daemons may
ask at once; the lines are taken in the transaction that promises the digest, so one of them finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from monitor import telling
from monitor.core.hours import Cadence
from monitor.core.rules import AlertPlan
from monitor.routing import with_mutes
from monitor.store import digests
from monitor.store.engine import Engine, reading, transaction

CADENCES = {Cadence.DAILY.value: Cadence.DAILY, Cadence.WEEKLY.value: Cadence.WEEKLY, telling.FLOOD: Cadence.NOW}


def gather(engine: Engine, plan: Callable[[], AlertPlan], now: datetime) -> int:
    """Promises every digest that is due on the channels there are; the number of messages promised."""
    with reading(engine) as conn:  # mostly nothing is due, and then nobody has to wait for a lock
        due = digests.due(conn, now)
    if not due:
        return 0
    known, promised = plan(), 0
    for channel, cadence in due:
        if channel in known.hours:
            with transaction(engine) as conn:
                muted = with_mutes(known, conn, now)
                promised += telling.promise_digest(conn, muted, channel, CADENCES[cadence], now)
    return promised
