"""The README's table of questions is whole and true, and its notebook runs."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from monitor import analysis, cli
from monitor.app import configured
from monitor.asking.registry import QUESTIONS, find
from monitor.web.service import build
from tests.cli.look_alike import write_files

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
NUMBERS = set(range(1, 33))


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    numbers: tuple[int, ...]
    command: str
    function: str
    endpoint: str


def table() -> list[Row]:
    text = README.split("| no | question | command |")[1].split("\n\n")[0]
    rows = []
    for line in text.splitlines()[2:]:
        numbers, _, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        command, function, endpoint = (cell.strip("`") for cell in cells)
        rows.append(Row(tuple(int(one) for one in re.findall(r"\d+", numbers)), command, function, endpoint))
    return rows


ROWS = table()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of invented files."""
    path = tmp_path_factory.mktemp("story")
    (path / "files").mkdir()
    url = f"sqlite:///{path / 'holdings.db'}"
    assert cli.run(["ingest", str(write_files(path / "files")), "--source", "ark", "--db", url]) == 3
    return path / "holdings.db"


@pytest.fixture(scope="module")
def client(story: Path) -> Iterator[TestClient]:
    app = configured(None, f"sqlite:///{story}", {}, lambda: datetime(2022, 2, 1, tzinfo=UTC), lambda _: None)
    with TestClient(build(app), raise_server_exceptions=False) as served:
        yield served


def test_the_table_has_every_question_and_no_other() -> None:
    listed, registered = {one.function for one in ROWS}, {one.name for one in QUESTIONS}
    assert listed == registered
    assert len(listed) == len(ROWS)


def test_all_numbers_are_answered() -> None:
    assert {number for one in ROWS for number in one.numbers} == NUMBERS
    for one in ROWS:
        assert find(one.function).numbers == one.numbers, one.function


@pytest.mark.parametrize("row", ROWS, ids=lambda one: one.function)
def test_each_question_has_its_command(row: Row, capsys: pytest.CaptureFixture[str]) -> None:
    question = find(row.function)
    words = shlex.split(row.command)
    own = (question.own_command or question.slug).split(" --")[0].split()
    assert words[: len(own)] == own
    assert cli.run([*own, "--help"]) == 0
    shown = capsys.readouterr().out
    for word in words:
        assert not word.startswith("--") or word in shown, word


@pytest.mark.parametrize("row", ROWS, ids=lambda one: one.function)
def test_each_command_of_the_table_is_understood(row: Row, story: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [{"ARKK": "ARKF"}.get(word, word) for word in shlex.split(row.command)]
    code = cli.run([*words, "--db", f"sqlite:///{story}", "--format", "json"])
    said = capsys.readouterr().err
    assert code == 0 or (code == 2 and said), said
    assert "No such option" not in said
    assert "unexpected extra argument" not in said


@pytest.mark.parametrize("row", ROWS, ids=lambda one: one.function)
def test_each_question_has_its_function(row: Row) -> None:
    assert row.function in analysis.__all__
    assert callable(getattr(analysis, row.function))


def test_each_question_has_its_endpoint(client: TestClient) -> None:
    for row in ROWS:
        assert row.endpoint == f"/api/v1/{find(row.function).slug}"
        assert client.get(row.endpoint).status_code not in (404, 405), row.endpoint


def test_the_notebook_prints_what_the_readme_says(story: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    said = re.findall(r"With the invented files of the tests it prints\n\n```text\n(.*?)```", README, flags=re.S)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code.replace('"holdings.db"', repr(str(story))), "README", "exec"), {})
    assert [out.getvalue()] == said
