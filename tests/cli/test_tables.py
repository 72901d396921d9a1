"""Tables for people fit a terminal of 80 columns and lose nothing on the way; pipes get them whole."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor import cli
from monitor.cli import output
from tests.cli.conftest import Run


class Terminal(io.StringIO):
    """What is printed on a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], str]:
    """What a call prints on a terminal of 80 columns."""

    def call(act: Callable[[], object]) -> str:
        with monkeypatch.context() as patched:
            patched.setenv("COLUMNS", "80")
            patched.setattr(sys, "stdout", Terminal())
            act()
            assert isinstance(sys.stdout, Terminal)
            return sys.stdout.getvalue()

    return call


Shown = Callable[[Callable[[], object]], str]

ANSWERS = (
    ["changes"],
    ["coverage"],
    ["coverage", "ARKF"],
    ["trades"],
    ["history", "COIN"],
    ["holdings", "ARKF"],
    ["funds"],
    ["status"],
    ["quarantine", "list", "--all"],
)


@pytest.mark.parametrize("command", ANSWERS, ids=" ".join)
def test_tables_fit_a_terminal(shown: Shown, sqlite_story: Path, command: list[str]) -> None:
    out = shown(lambda: cli.run([*command, "--db", str(sqlite_story)]))
    assert len(out.splitlines()) > 1
    assert max(map(len, out.splitlines())) <= 80


def test_what_is_folded_is_whole(shown: Shown) -> None:
    rows = [["2022-01-03", "a claim of many words " * 10, 1_234_567]]
    out = shown(lambda: output.print_table(["day", "claim", "shares"], rows))
    assert "2022-01-03" in out
    assert "1,234,567" in out
    assert out.split().count("many") == 10


def test_rows_of_many_columns_become_paragraphs(shown: Shown) -> None:
    names = [f"column{at}" for at in range(12)]
    rows = [[f"value-{at}" for at in range(12)]]
    lines = shown(lambda: output.print_table(names, rows)).splitlines()
    assert lines[0].startswith("value-0  column1 value-1  column2 value-2")
    assert all(line.startswith("  column") for line in lines[1:])
    assert " ".join(lines).count("value-") == 12


def test_changes_name_the_id_to_ask_why_with(run: Run, story: str) -> None:
    rows = run("changes", "--level", "event", "--kind", "EXITED", "--format", "json", "--db", story).rows
    out = run("changes", "--level", "event", "--kind", "EXITED", "--db", story).out
    assert out.splitlines()[0] == f"{rows[0]['id']}  2022-01-11  {rows[0]['severity']:6}  EXITED      SQ"
    assert " ".join(out.split()).endswith(rows[0]["claim"])
    assert run("changes", "--since", "2023-01-01", "--db", story).out.startswith("No changes. The last file ")


def test_coverage_of_one_fund_lists_its_gaps(run: Run, own_story: str) -> None:
    run("quarantine", "reject", "ARKF/2022-01-06", "--db", own_story)
    out = run("coverage", "ARKF", "--db", own_story).out
    assert "1 (max 1)" in out
    assert "gap of 1 session    2022-01-05" in out
    assert "gap of" not in run("coverage", "--db", own_story).out
