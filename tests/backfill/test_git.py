"""Archives kept in Git: the same facts as the files by hand, whatever the history of the repository looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from monitor.backfill.git import GitWay
from monitor.store.engine import Engine
from tests.backfill.archives import Archive
from tests.backfill.stage import fill, rows
from tests.scenarios.stories import NOW, QUILL, ROWAN, file, load, portfolio

ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def way(archive: Archive, *inside: str) -> GitWay:
    return GitWay(str(archive.folder), inside, ENVIRON)


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
    report = fill(by_git, way(archive), "LANA", "LANB", now=NOW)
    assert rows(by_git) == rows(by_hand)
    assert {one.outcome for one in report.outcome.files} == {"new"}
    assert [(one.name, len(one.files)) for one in report.extended] == [("lantern/LANA", 60), ("lantern/LANB", 60)]
