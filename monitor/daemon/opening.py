"""The daemon's database, waited for while it cannot be used: a server that starts, a lock, a full disk.

What waiting cannot mend is raised at once: a wrong password, no such database, a schema this program does not know.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from monitor.store.engine import Engine, StoreUnavailable

FIRST_WAIT, LONGEST_WAIT = 0.5, 60.0  # seconds until it is tried again; each time twice as many
log = logging.getLogger("monitor.daemon")


def opened(opening: Callable[[], Engine], rest: Callable[[float], bool]) -> Engine | None:
    """What `opening` gives, as soon as it can; None when `rest`, which waits so many seconds, says to stop.

    Each trouble is said once, and its end.
    """
    said, wait = "", FIRST_WAIT
    while True:
        try:
            engine = opening()
        except StoreUnavailable as error:
            if not error.passing:
                raise
            if str(error) != said:
                log.error("%s Nothing is lost; the watch begins when it can be used.", error)
            said = str(error)
        else:
            if said:
                log.info("the database can be used again")
            return engine
        if rest(wait):
            return None
        wait = min(2 * wait, LONGEST_WAIT)
