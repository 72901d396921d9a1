"""Archives kept in Git: the same facts as the files by hand, whatever the history of the repository looks like."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.backfill.git import GitWay
from monitor.backfill.repository import RepositoryError
from monitor.core.errors import UsageError
from monitor.sources.files import Limits
from monitor.store import schema as t
from monitor.store.engine import Engine, transaction
from tests.backfill.archives import Archive
from tests.backfill.stage import dates, fill, outcomes, rows
from tests.scenarios.stories import NOW, QUILL, ROWAN, file, load, portfolio, session

Fresh = Callable[[], Engine]
ENVIRON = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def way(archive: Archive, *inside: str) -> GitWay:
    return GitWay(str(archive.folder), inside, ENVIRON)


def years(archive: Archive, sessions: int, commits: int = 1) -> list[tuple[str, bytes]]:
    """So many commits for each session, one of them with both funds' newest files; and what these were."""
    kept = []
    for n in range(sessions):
        quill = [replace(QUILL, shares=20_000 + 100 * (n // 40))] if n % 60 < 45 else []
        files = [file("LANA", n, portfolio(*quill)), file("LANB", n, portfolio(*([ROWAN] if n > 30 else [])))]
        kept += files
        archive.commit([(f"data/{name[:4]}.csv", body) for name, body in files])
        for other in range(1, commits):
            archive.commit([("log.md", f"{n} {other}".encode())], days=0)
    return kept


def test_a_few_hundred_commits_give_the_same_facts_as_the_files_by_hand(
    tmp_path: Path, fresh: Callable[[], Engine]
) -> None:
    archive = Archive(tmp_path / "archive")
    kept = years(archive, 60, commits=4)
    by_hand, by_git = fresh(), fresh()
    load(by_hand, kept)
    report = fill(by_git, way(archive), "LANA", "LANB", now=NOW)
    assert rows(by_git) == rows(by_hand)
    assert {one.outcome for one in report.outcome.files} == {"new"}
    assert [(one.name, len(one.files)) for one in report.extended] == [("lantern/LANA", 60), ("lantern/LANB", 60)]


def test_what_is_stored_is_known_and_later_commits_are_found(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    years(archive, 4)
    assert outcomes(fill(lite, way(archive))) == {"new": 4, "skipped": 4}
    archive.commit([("data/LANA.csv", file("LANA", 4, portfolio())[1])])
    report = fill(lite, way(archive))
    assert outcomes(report) == {"new": 1, "heartbeat": 4, "skipped": 4}
    assert [(one.name, len(one.files)) for one in report.extended] == [("lantern/LANA", 1)]


def test_renames_merges_and_deleted_files_hide_nothing(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    archive.commit([("old/LANA.csv", file("LANA", 0, portfolio())[1])])
    archive.git("checkout", "--quiet", "-b", "side")
    archive.commit([("side/LANA.csv", file("LANA", 1, portfolio())[1])])
    archive.git("checkout", "--quiet", "main")
    archive.git("mv", "old", "new")
    archive.commit([])
    archive.commit([("new/LANA.csv", file("LANA", 2, portfolio())[1])])
    archive.git("merge", "--quiet", "--no-ff", "-m", "Both", "side")
    archive.git("rm", "--quiet", "-r", "side", "new")
    archive.commit([("README", b"moved")])
    archive.git("checkout", "--quiet", "-b", "elsewhere")
    archive.commit([("LANA.csv", file("LANA", 5, portfolio())[1])])
    archive.git("checkout", "--quiet", "main")
    report = fill(lite, way(archive))
    assert outcomes(report) == {"new": 3, "unreadable": 1}
    assert dates(lite) == [session(0), session(1), session(2)]


def test_of_two_versions_of_one_day_the_later_commit_counts_in_any_order(
    tmp_path: Path, fresh: Callable[[], Engine]
) -> None:
    first, second = (file("LANA", 0, portfolio(*extra))[1] for extra in ([QUILL], []))
    for order in ((first, second), (second, first)):
        archive = Archive(tmp_path / f"archive-{order[0] == first}")
        for body in order:
            archive.commit([("LANA.csv", body)])
        engine, reverse = fresh(), fresh()
        fill(engine, way(archive))
        for body in reversed(order):  # known by hand before, the other way round
            load(reverse, [("LANA.csv", body)])
        fill(reverse, way(archive))
        for one in (engine, reverse):
            with transaction(one) as conn:
                query = select(t.snapshot.c.sha256).order_by(t.snapshot.c.rank.desc())
                assert conn.execute(query).scalars().first() == hashlib.sha256(order[1]).hexdigest()


def test_the_time_of_the_commit_is_kept_and_never_taken_for_the_time_we_knew(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    years(archive, 1)
    fill(lite, way(archive))
    with transaction(lite) as conn:
        (row,) = conn.execute(select(t.snapshot)).all()
        (fetched,) = conn.execute(select(t.fetch)).all()
    assert row.known_at.startswith("2026-03-31T18:00")
    assert (row.published_from, row.published_to) == (None, None)
    assert fetched.last_modified == "2026-01-05T23:00:00+00:00"
    assert row.place.startswith("archive@")
    assert row.place.endswith("!data/LANA.csv")


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ("data", [0, 1]),
        ("data/", [0, 1]),
        ("data/2026/*.csv", [1]),
        ("**/LANA_*.csv", [0, 1, 2]),
        ("*.csv", [0, 1, 2]),
        ("data/*.csv", [0]),
        ("./data/LANA_0.csv".removeprefix("./"), [0]),
        ("data/202?/**", [1]),
    ],
)
def test_in_narrows_to_files_and_folders(tmp_path: Path, lite: Engine, inside: str, found: list[int]) -> None:
    archive = Archive(tmp_path / "archive")
    places = ["data/LANA_0.csv", "data/2026/LANA_1.csv", "other/LANA_2.csv"]
    archive.commit([(place, file("LANA", n, portfolio())[1]) for n, place in enumerate(places)])
    fill(lite, way(archive, inside))
    assert dates(lite) == [session(n) for n in found]


def test_files_that_name_no_fund_are_the_wanted_one_only_where_in_says_which(tmp_path: Path, fresh: Fresh) -> None:
    archive = Archive(tmp_path / "archive")
    archive.commit([("holdings.csv", file("LANA", 0, portfolio())[1].replace(b",LANA,", b",,"))])
    assert outcomes(fill(fresh(), way(archive))) == {"skipped": 1}
    assert outcomes(fill(fresh(), way(archive, "holdings.csv"))) == {"new": 1}


def test_one_content_under_several_names_is_read_under_the_one_that_says_most(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    body = file("LANA", 0, portfolio())[1].replace(b",LANA,", b",,")
    archive.commit([("latest.csv", body)])
    archive.commit([("LANA/2026.csv", body)])
    assert outcomes(fill(lite, way(archive))) == {"new": 1}


def test_what_is_no_table_is_left_alone_or_listed(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    strange = [
        ("README.md", b"# Files"),
        ("fetch.py", b"print()"),
        ("notes.csv", b"a,b\n1,2\n"),
        ("x.csv", b"PK\x03\x04"),
    ]
    archive.commit([*strange, ("LANA.csv", b"<html>busy</html>"), ("we ird\n\xff.csv".replace("\xff", "é"), b"a\n")])
    (archive.folder / "link.csv").symlink_to("notes.csv")
    archive.commit([("LANA.csv", file("LANA", 0, portfolio())[1])])
    report = fill(lite, way(archive))
    assert outcomes(report) == {"new": 1, "refused": 1, "unreadable": 2}
    assert ["an archive inside" in text for text in report.unread] == [True]


def test_a_large_file_is_passed_over(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    archive.commit([("LANA.csv", b"x" * (Limits().file_bytes + 1)), ("LANA2.csv", file("LANA", 0, portfolio())[1])])
    report = fill(lite, way(archive))
    assert outcomes(report) == {"new": 1}
    assert "larger than" in report.unread[0]


# --- repositories we do not trust -----------------------------------------------------------------


def test_nothing_of_the_repository_is_run(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    archive.commit([("LANA.csv", file("LANA", 0, portfolio())[1]), (".gitattributes", b"*.csv diff=trap\n")])
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.trap.textconv", "filter.trap.smudge",
                "diff.external", "uploadpack.packObjectsHook", "core.alternateRefsCommand"):  # fmt: skip
        archive.git("config", key, str(trap))
    hooks = archive.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "pre-auto-gc", "post-merge"):
        (hooks / hook).write_bytes(trap.read_bytes())
        (hooks / hook).chmod(0o755)
    assert outcomes(fill(lite, way(archive))) == {"new": 1}
    assert dates(lite) == [session(0)]
    assert not (tmp_path / "sprung").exists()


def test_the_users_configuration_is_not_run_either(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    years(archive, 1)
    (tmp_path / ".gitconfig").write_text(
        f'[core]\n\thooksPath = {tmp_path}\n[alias]\n\tclone = "!touch {tmp_path}/x"\n'
    )
    environ = {**ENVIRON, "HOME": str(tmp_path), "GIT_DIR": "/nowhere", "GIT_EXTERNAL_DIFF": "false"}
    report = fill(lite, GitWay(str(archive.folder), (), environ))
    assert outcomes(report) == {"new": 1, "skipped": 1}


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% sprung", "--upload-pack=touch sprung", "-c", "git@example.org:a/b.git",
        "example.org:a/b.git", "http://127.0.0.1/a.git", "ssh://example.org/a.git", "ftp://example.org/a.git",
        "ext://x", "",
    ],
)  # fmt: skip
def test_only_folders_and_https_are_read(
    tmp_path: Path, lite: Engine, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UsageError, RepositoryError)):
        fill(lite, GitWay(address, (), ENVIRON))
    assert not (tmp_path / "sprung").exists()


def test_a_folder_that_begins_with_a_dash_is_a_folder(
    tmp_path: Path, lite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(tmp_path / "--bare")
    archive.commit([("--help.csv", file("LANA", 0, portfolio())[1])])
    monkeypatch.chdir(tmp_path)
    assert outcomes(fill(lite, GitWay("--bare", (), ENVIRON))) == {"new": 1}


def test_a_file_address_and_a_bare_copy_are_read(tmp_path: Path, fresh: Fresh) -> None:
    archive = Archive(tmp_path / "archive")
    years(archive, 2)
    archive.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    for address in (archive.folder.as_uri(), str(tmp_path / "bare.git")):
        assert outcomes(fill(fresh(), GitWay(address, (), ENVIRON))) == {"new": 2, "skipped": 2}


def test_what_is_no_repository_is_said(tmp_path: Path, lite: Engine) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RepositoryError, match="cannot be read"):
        fill(lite, GitWay(str(tmp_path / "empty"), (), ENVIRON))
    with pytest.raises(RepositoryError, match="has no commits"):
        fill(lite, GitWay(str(Archive(tmp_path / "new").folder), (), ENVIRON))
    with pytest.raises(UsageError, match="Git is not installed"):
        fill(lite, GitWay(str(tmp_path / "empty"), (), {"PATH": str(tmp_path)}))


def test_nothing_is_left_behind(tmp_path: Path, lite: Engine) -> None:
    archive = Archive(tmp_path / "archive")
    years(archive, 2)
    room = tmp_path / "room"
    room.mkdir()
    before = sorted(path.name for path in archive.folder.rglob("*"))
    fill(lite, GitWay(str(archive.folder), (), {**ENVIRON, "TMPDIR": str(room)}))
    assert sorted(path.name for path in archive.folder.rglob("*")) == before
