"""Time that jumps to the next appointment: nobody waits an hour for a Retry-After of an hour."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from monitor.store.codec import parse_instant
from monitor.store.engine import Engine, reading
from monitor.store.schema import delivery, destination
from tests.reliability.serving import NotYet
from tests.reliability.world import World


def next_appointment(engine: Engine) -> datetime | None:
    """When the next promise may be tried; None while one is under way, or when there is none."""
    query = select(delivery, destination.c.not_before).outerjoin(
        destination, destination.c.channel == delivery.c.channel
    )
    heads: dict[str, str] = {}
    with reading(engine) as conn:
        rows = conn.execute(query.where(delivery.c.state.in_(("pending", "sending"))).order_by(delivery.c.id)).all()
    for row in rows:
        if row.state == "sending" and row.lease_until != row.due_at:
            return None  # in somebody's hand, not waiting for its turn
        heads.setdefault(row.channel, max(row.due_at, row.not_before or ""))
    return parse_instant(min(heads.values())) if heads else None


def keep(world: World, until: Callable[[Engine], bool], seconds: float, what: str) -> None:
    """Lets the program work, and time jump when all wait for later, until a condition holds."""
    deadline = time.monotonic() + seconds
    with world.database() as engine:
        while not until(engine):
            if time.monotonic() > deadline:
                said = "\n".join(child.said() for child in world.children if not child.ended.is_set())
                raise NotYet(f"waited {seconds:.0f} s for: {what}\n{said}")
            at = next_appointment(engine)
            if at is not None and at > world.clock() + timedelta(seconds=1):
                world.clock.set(at)
            time.sleep(0.05)
