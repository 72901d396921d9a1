"""Derives every issuer again, each on a worker and each as one transaction.

All are marked first. Where a run was cut off, the marks say which are left: a second call does those alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from monitor.intake import Progress
from monitor.rebuilding import RebuildReport, both, rebuilt, rederive_in_turn
from monitor.scale.crew import Crew, Lost
from monitor.scale.files import quiet
from monitor.scale.hidden import Hidden
from monitor.scale.work import engine_at
from monitor.sources.spec import Source
from monitor.store import archived, past, save
from monitor.store.engine import Engine, transaction


@dataclass(frozen=True, slots=True)
class Kit:
    """The database, and the sources as configured here."""

    database: str
    sources: Mapping[str, Source]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was derived again, how many issuers an earlier run had done before it was cut off, and which could not
    be."""

    report: RebuildReport
    before: int = 0
    lost: tuple[str, ...] = ()


def rebuild(crew: Crew, engine: Engine, database: str, sources: Mapping[str, Source], progress: Progress) -> Rebuilt:
    """Everything derived, made again from the facts; the rest of it where an earlier run was cut off.

    Raises StoreError when the database knows an issuer no source describes, or lines are archived: then nothing is
    marked.
    """
    left, before = _marked(engine, sources)
    kit = Hidden(Kit(database, {code: sources[code] for code in left}))
    report, lost = RebuildReport(0, 0, 0, 0), list[str]()
    for code, found in crew.each("rebuild", _again, kit, left):
        progress(f"derived {code}", 1)
        if isinstance(found, Lost):
            lost.append(f"{code}: {found.text}")
        else:
            report = both(report, found)
    return Rebuilt(report, before, tuple(lost))


def _marked(engine: Engine, sources: Mapping[str, Source]) -> tuple[list[str], int]:
    """The issuers to be done, marked as not derived from the first day on; and how many had been done before.

    Nothing else marks from the first day there can be: where some issuers are and others are not, a run was cut off.
    """
    with transaction(engine) as conn:
        archived.require_since(conn, date.min)
        found = {code: past.issuer(conn, code) or (0, None) for code in rebuilt(conn, sources)}
        marked = [code for code, (_, since) in found.items() if since == date.min]
        left = marked or list(found)
        for code in left:
            save.mark_underived(conn, found[code][0], date.min)
    return left, len(found) - len(left)


def _again(hidden: Hidden[Kit], code: str) -> RebuildReport:
    """On a worker: one issuer, all or nothing; its mark goes with it."""
    kit = hidden.value
    return rederive_in_turn(engine_at(kit.database), kit.sources[code], quiet)
