"""Archives kept in Git: the same facts as the files by hand, whatever the history of the repository looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from monitor.backfill import Filling, Report, run
from monitor.backfill.git import GitWay
from monitor.core.filling import Period
from monitor.store import schema as t
from monitor.store.engine import Engine, transaction
from tests.backfill.archives import Archive
from tests.scenarios.stories import LANTERN, NOW, PLAN, QUILL, ROWAN, derived, file, load, portfolio

ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
FUNDS = ("LANA", "LANB")


def fill(engine: Engine, way: GitWay, *funds: str) -> Report:
    chosen = [(LANTERN, LANTERN.fund(ticker)) for ticker in funds or FUNDS]
    filling = Filling(engine, chosen, Period(), PLAN, ("console",), NOW, jitter=lambda: 0.5)
    return run(filling, way, lambda text, count, total: None)


def way(archive: Archive, *inside: str) -> GitWay:
    return GitWay(str(archive.folder), inside, ENVIRON)


def rows(engine: Engine) -> dict[str, object]:
    """All facts but where and when they came from, and all that follows from them."""
    with transaction(engine) as conn:
        snapshots = conn.execute(
            select(t.snapshot.c.fund, t.snapshot.c.as_of, t.snapshot.c.sha256, t.snapshot.c.lines, t.snapshot.c.value)
        ).all()
        holdings = conn.execute(
            select(t.fund.c.ticker, t.holding.c.snapshot, t.security.c.key, t.holding.c.shares, t.holding.c.value)
            .join(t.fund, t.fund.c.id == t.holding.c.fund)
            .join(t.security, t.security.c.id == t.holding.c.security)
        ).all()
    return {"snapshots": sorted(map(tuple, snapshots)), "holdings": sorted(map(tuple, holdings)), **derived(engine)}


def years(archive: Archive, sessions: int) -> list[tuple[str, bytes]]:
    """A commit for each session with both funds' newest files under one name, and what they were."""
    kept = []
    for n in range(sessions):
        quill = [replace(QUILL, shares=20_000 + 100 * (n // 40))] if n % 60 < 45 else []
        files = [file("LANA", n, portfolio(*quill)), file("LANB", n, portfolio(*([ROWAN] if n > 30 else [])))]
        kept += files
        archive.commit([(f"data/{name[:4]}.csv", body) for name, body in files])
    return kept


def test_a_few_hundred_commits_give_the_same_facts_as_the_files_by_hand(
    tmp_path: Path, fresh: Callable[[], Engine]
) -> None:
    archive = Archive(tmp_path / "archive")
    kept = years(archive, 60)
    by_hand, by_git = fresh(), fresh()
    load(by_hand, kept)
    report = fill(by_git, way(archive))
    assert rows(by_git) == rows(by_hand)
    assert {one.outcome for one in report.outcome.files} == {"new"}
    assert [(one.name, len(one.files)) for one in report.extended] == [("lantern/LANA", 60), ("lantern/LANB", 60)]
