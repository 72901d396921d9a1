"""The demo as people run it: one alert with the public facts, one bad file held back, nothing left behind."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from monitor import cli
from monitor.core.errors import UsageError
from monitor.demo import files, run_demo
from tests.cli.conftest import Run, clean_place, run

__all__ = ["clean_place", "run"]  # fixtures used here as well


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A demo that was kept: its folder (whose name needs quotes) and the lines it told."""
    folder = tmp_path_factory.mktemp("demo") / "a tour"
    lines: list[str] = []
    assert run_demo(folder, lines.append) == 0
    return folder, lines


def part(lines: list[str], number: int) -> str:
    """The text of a chapter."""
    text = "\n".join(lines)
    return text[text.index(f"\n{number}. ") :].partition(f"\n{number + 1}. ")[0]


def test_the_alert_tells_the_public_facts(kept: tuple[Path, list[str]]) -> None:
    alert = part(kept[1], 3)
    told = " ".join(alert.split())  # prose is wrapped
    for fact in ("$16.3M", "99,090", "first seen since 2021", "BABA", "without files"):
        assert fact in told
    assert re.search(r"ARKF +0 +49,799", alert)
    assert re.search(r"ARKW +0 +49,291", alert)
    assert "ARKK  does not hold it" in alert


def test_it_says_plainly_that_the_files_are_invented(kept: tuple[Path, list[str]]) -> None:
    assert "The files are illustrative: invented lines around public facts" in "\n".join(kept[1][:4])


def test_the_alert_is_delivered_once(kept: tuple[Path, list[str]], run: Run) -> None:
    folder, lines = kept
    told = [json.loads(line) for line in (folder / "alerts.jsonl").read_text("utf-8").splitlines()]
    assert [one["kind"] for one in told] == ["RE_ENTERED"]
    assert "\n".join(lines).count("reopen ALIBABA") == 1
    rows = run("alerts", "list", "--config", folder / "monitor.toml", "--format", "json").rows
    assert sorted((row["channel"], row["state"]) for row in rows) == [("console", "sent"), ("log", "sent")]


def test_the_timeline_shows_how_both_funds_left_and_came_back(kept: tuple[Path, list[str]]) -> None:
    timeline = part(kept[1], 4)
    assert re.search(r"ARKF +before 2020-11-20 +2021-08-16", timeline)
    assert re.search(r"ARKW +before 2020-11-20 +2021-02-17", timeline)
    assert len(re.findall(r"ARK[FW] +2025-09-22 +still held", timeline)) == 2


def test_bad_files_are_shown_with_their_reasons(kept: tuple[Path, list[str]]) -> None:
    bad = part(kept[1], 5)
    assert re.search(r"ARKF/2025-09-22/\w{8}  quarantined", bad)
    assert "5 securities after 11" in bad
    assert re.search(r"ARKW/\w{8}  refused\n +html: ", bad)


def test_lines_fit_a_terminal_but_for_the_alert_itself(kept: tuple[Path, list[str]]) -> None:
    lines = kept[1]
    alert = set(part(lines, 3).split("\n"))
    assert [line for line in lines if len(line) > 100 and line not in alert and "--config" not in line] == []


def test_the_printed_commands_work(kept: tuple[Path, list[str]], run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    commands = [line.strip() for line in kept[1] if line.strip().startswith("holdings-monitor ")]
    assert len(commands) == 3
    for command in commands:
        result = run(*shlex.split(command)[1:])
        assert result.code == 0, result.err
        assert result.out.strip()


def test_nothing_stays_unless_asked(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # what the environment says must not matter
    result = run("demo")
    assert result.code == 0
    assert "$16.3M" in result.out
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not an empty folder"):
        run_demo(tmp_path, lambda line: None)
    assert cli.run(["demo", "--keep", str(tmp_path)]) == 2


def test_an_alert_that_is_not_delivered_fails_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "STORY_SHARES", {"ARKF": 0, "ARKW": 0})
    lines: list[str] = []
    assert run_demo(tmp_path / "tour", lines.append) == 1
    assert "   0 alerts were promised to the channel 'console' instead of 1" in lines


def test_invented_identifiers_have_right_check_digits() -> None:
    assert files.cusip("01609W10") == files.CUSIP
    assert len(set(files.CUSIPS.values())) == len(files.COMPANIES)
