"""What makes the command line comfortable: help that is quick, completion, hints, short forms, quiet."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
from typer.main import get_command

from monitor.cli import output, shape
from monitor.cli.commands import cli
from monitor.cli.manner import Colour, speaking
from monitor.cli.progress import Progress
from monitor.config import load
from monitor.store.views import VIEWS
from tests.cli.conftest import Run

PROGRAM = [sys.executable, "-c", "from monitor.cli import main; main()"]
HEAVY = ("alembic", "fastapi", "numpy", "pandas", "pydantic", "requests", "rich", "sqlalchemy", "uvicorn")
LIST_HEAVY = f"import sys; print(','.join(one for one in {HEAVY} if one in sys.modules))"


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with the words it is called by, groups too."""
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from leaves(one, (*path, name))


COMMANDS = list(leaves(get_command(cli)))
LISTING = [path for path, one in COMMANDS if any("--format" in option.opts for option in one.params)]


def call(code: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": str(Path(__file__).parents[2])}
        | environ,
    )


def test_help_imports_nothing_heavy() -> None:
    """All commands in one process: what one of them imported would be seen at the end."""
    code = (
        "from monitor.cli import run\nimport contextlib, io\n"
        f"for words in {[path for path, _ in COMMANDS]!r}:\n"
        "    with contextlib.redirect_stdout(io.StringIO()):\n"
        "        assert run([*words, '--help']) == 0, words\n" + LIST_HEAVY
    )
    answer = call(code)
    assert (answer.stdout.strip(), answer.stderr) == ("", "")


def test_a_command_prepared_alone_is_the_one_among_all() -> None:
    for path, whole in COMMANDS[1:]:
        alone = get_command(cli.meant([*path, "--json"]))
        for name in path:
            alone = alone.commands[name]  # type: ignore[attr-defined]
        assert [vars(one).keys() for one in alone.params] == [vars(one).keys() for one in whole.params]
        assert [(one.name, one.opts) for one in alone.params] == [(one.name, one.opts) for one in whole.params]
        assert (alone.help, alone.epilog) == (whole.help, whole.epilog)


def test_what_is_no_command_is_looked_up_among_all() -> None:
    for words in ([], ["--version"], ["incidentz"], ["incidents", "shaw"], ["securities"]):
        assert cli.meant(words) is cli
    assert [one.callback.__name__ for one in cli.meant(["ingest", "x"]).registered_commands if one.callback] == [
        "ingest"
    ]
    assert cli.meant(["ingest"]).registered_groups == []


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=" ".join)
def test_h_is_help_and_bad_options_are_wrong_use(run: Run, path: tuple[str, ...]) -> None:
    answer = run(*path, "-h")
    assert answer.code == 0
    assert answer.out.startswith("Usage: holdings-monitor")
    assert run(*path, "--helpp" if not path or path[-1] != "sql" else "--seconds=x").code == 2


def test_commands_are_listed_in_sections(run: Run) -> None:
    out = run("--help").out
    assert re.findall(r"(?m)^(\w.*):$", out)[1:] == [
        "Watch and load",
        "Ask the history",
        "How well we see",
        "Who is told",
        "This installation",
    ]
    assert "…" not in out
    assert "..." not in out.replace("[ARGS]...", "")


def test_every_group_shows_examples_that_exist(run: Run) -> None:
    known = {path for path, _ in COMMANDS}
    for path, command in COMMANDS:
        if hasattr(command, "commands"):
            out = run(*path, "--help").out
            examples = re.findall(r"(?m)^ +holdings-monitor (.+)$", out.split("Examples:")[1])
            assert len(examples) >= 2, path
            for words in (one.split() for one in examples):
                found = next(tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in known)
                options = {name for option in dict(COMMANDS)[found].params for name in option.opts}
                assert {one for one in words if one.startswith("--")} <= options, words


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (("holding", "ARKK"), "Did you mean `holdings` or `holding-periods`?"),
        (("alerts", "lst"), "Did you mean `list`?"),
        (("rebuild",), "Did you mean `db rebuild`?"),
        (("completion", "bsh"), "Did you mean bash?"),
        (("holdings", "ARKK", "--format", "jsn"), "Did you mean json?"),
        (("changes", "--color", "alway"), "Did you mean always?"),
        (("changes", "--kind", "exit"), "Did you mean EXITED?"),
        (("changes", "--severity", "hgh"), "Did you mean high?"),
        (("changes", "--level", "itm"), "Did you mean item?"),
        (("alerts", "list", "--state", "pendin"), "Did you mean pending?"),
        (("export", "holding", "--to", "x.csv"), "Did you mean v_holdings?"),
        (("evidence", "add", "x", "--fund", "ARKK", "--as", "nport"), "Did you mean n-port?"),
        (("sources", "show", "arc"), "did you mean 'ark'?"),
    ],
    ids=" ".join,
)
def test_what_is_nearly_right_is_answered_with_what_is(
    run: Run, sqlite_story: Path, typed: tuple[str, ...], hint: str
) -> None:
    on = ("--db", sqlite_story) if typed[0] not in ("holding", "rebuild", "completion") and typed[-1] != "lst" else ()
    answer = run(*typed, *on)
    assert answer.code == 2
    assert hint in answer.err


def test_an_option_that_is_nearly_right_is_named(run: Run) -> None:
    assert "--since" in run("changes", "--sinse", "x").err


@pytest.mark.parametrize("command", ["holdings", "history", "who-holds", "coverage"])
def test_funds_and_securities_that_are_nearly_right_are_named(run: Run, sqlite_story: Path, command: str) -> None:
    answer = run(command, "ARKFF" if command in ("holdings", "coverage") else "TESLAA", "--db", sqlite_story)
    assert answer.code == 2
    assert "Did you mean" in answer.err


@pytest.mark.parametrize("form", [("--since", "-30d"), ("--since=-30d",), ("--since", "30d"), ("--since", "yesterday")])
def test_days_back_are_values_of_options(run: Run, sqlite_story: Path, form: tuple[str, ...]) -> None:
    assert run("changes", *form, "--db", sqlite_story, "--json").out == "[]\n"


def test_days_back_are_arguments_too() -> None:
    taking = {"--since"}
    assert list(shape._days(["-30d", "--since", "-2w", "x", "-1Y", "-q"], taking)) == [
        "30d", "--since", "-2w", "x", "1Y", "-q",
    ]  # fmt: skip
    assert list(shape._days(["--", "-30d"], taking)) == ["--", "-30d"]


def test_every_list_has_a_short_form_for_json(run: Run, sqlite_story: Path) -> None:
    options = {path: {name for option in one.params for name in option.opts} for path, one in COMMANDS}
    assert all("--json" in options[path] for path in LISTING)
    assert all({"--quiet", "-q", "--color"} <= options[path] for path, one in COMMANDS if not hasattr(one, "commands"))
    assert (
        run("funds", "--json", "--db", sqlite_story).out == run("funds", "--format", "json", "--db", sqlite_story).out
    )
    assert run("funds", "--json", "--format", "csv", "--db", sqlite_story).code == 2


def test_quiet_leaves_the_answer_and_the_errors(run: Run, sqlite_story: Path) -> None:
    loud = run("who-holds", "TSLA", "--db", sqlite_story)
    assert "nothing later is known" in loud.err
    silent = run("who-holds", "TSLA", "--quiet", "--db", sqlite_story)
    assert (silent.out, silent.err) == (loud.out, "")
    assert run("who-holds", "TSLAAA", "-q", "--db", sqlite_story).err.startswith("holdings-monitor: ")
    assert run("who-holds", "TSLA", "--db", sqlite_story).err == loud.err


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    answer = run()
    assert answer.code == 2
    assert "Ask the history:" in answer.out + answer.err
    assert run("--version").out.startswith("holdings-monitor ")


# --- completion -----------------------------------------------------------------------------------


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the program as it is installed: one executable file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    file = folder / "holdings-monitor"
    root = Path(__file__).parents[2]
    file.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(root)!r})\nfrom monitor.cli import main\nmain()\n",
        encoding="utf-8",
    )
    file.chmod(0o755)
    return folder


def pressed(folder: Path, place: Path, *words: str) -> list[str]:
    """What bash offers after these words, the last one incomplete, with our script read."""
    line = " ".join(f"'{one}'" for one in words)
    script = (
        'source <(holdings-monitor completion bash); COMP_WORDS=(holdings-monitor "$@"); '
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); "
        "$(complete -p holdings-monitor | sed -E 's/.*-F ([^ ]+).*/\\1/') holdings-monitor; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    answer = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=place,
        env={"PATH": f"{folder}:{os.environ['PATH']}", "HOME": str(place)},
    )
    assert answer.stderr == "", line
    return answer.stdout.split()


def test_bash_completes(installed: Path, tmp_path: Path, sqlite_story: Path) -> None:
    text = f'database = "sqlite:///{sqlite_story}"\n[channels.desk]\ntype = "console"\n'
    (tmp_path / "monitor.toml").write_text(text, encoding="utf-8")
    load(tmp_path / "monitor.toml", {})
    assert pressed(installed, tmp_path, "who-") == ["who-holds"]
    assert pressed(installed, tmp_path, "alerts", "re") == ["resend"]
    assert pressed(installed, tmp_path, "holdings", "--aga") == ["--against"]
    assert pressed(installed, tmp_path, "holdings", "--format", "js") == ["json"]
    assert pressed(installed, tmp_path, "holdings", "--format", "=", "js") == ["json"]
    assert pressed(installed, tmp_path, "changes", "--kind", "exi") == ["exiTED"]
    assert "ARKF" in pressed(installed, tmp_path, "holdings", "AR")
    assert pressed(installed, tmp_path, "holdings", "ark/ARKF") == ["ark/ARKF"]
    assert pressed(installed, tmp_path, "changes", "--issuer", "a") == ["ark"]
    assert pressed(installed, tmp_path, "history", "TS") == ["TSLA"]
    assert pressed(installed, tmp_path, "test-alert", "d") == ["desk"]
    assert pressed(installed, tmp_path, "export", "v_ho") == [one.name for one in VIEWS if one.name[:4] == "v_ho"]
    assert pressed(installed, tmp_path, "sources", "show", "ar") == ["ark"]


@pytest.mark.parametrize(
    "address", ["sqlite:////nowhere/at.all", "postgresql://nobody@127.0.0.1:1/none", "mysql://x", "database = ["]
)
def test_nothing_is_offered_and_nothing_said_when_the_database_is_not_there(
    installed: Path, tmp_path: Path, address: str
) -> None:
    text = address if "[" in address else f'database = "{address}"\n'
    (tmp_path / "monitor.toml").write_text(text, encoding="utf-8")
    assert pressed(installed, tmp_path, "holdings", "AR") == []


def test_postgres_completes(run: Run, postgres_story: str, postgres_server: Any) -> None:
    from monitor.store.completing import names

    url = postgres_server.address(postgres_story)
    assert "ARKF" in names(url, "fund", "ar", 5)
    assert names(url, "fund", "ark/arkf", 5) == ["ark/ARKF"]
    assert names(url, "issuer", "A", 5) == ["ark"]
    assert names(url, "security", "ts", 5) == ["TSLA"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_scripts_are_understood_by_their_shells(run: Run, shell: str, tmp_path: Path) -> None:
    answer = run("completion", shell)
    assert answer.code == 0
    assert "_HOLDINGS_MONITOR_COMPLETE" in answer.out
    if which(shell) is None:
        pytest.skip(f"no {shell} on this machine")
    (tmp_path / "script").write_text(answer.out, encoding="utf-8")
    assert subprocess.run([shell, "-n", str(tmp_path / "script")], check=False).returncode == 0


# --- empty answers, progress, tables --------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("changes", "--until", "2019-01-01"), "There are no files of any fund before 20"),
        (("changes", "--fund", "ARKF", "--until", "2019-01-01"), "There are no files of ARKF before 20"),
        (("trades", "--fund", "ARKF", "--since", "yesterday"), "The last file of ARKF is dated 2022-01-1"),
        (("changes", "--fund", "ARKF", "--security", "COIN", "--until", "2022-01-05"), "The nearest: 2022-01-"),
        (("trades", "--fund", "ARKF", "--security", "COIN", "--until", "2022-01-04"), "The nearest: 2022-01-"),
        (("entries", "--fund", "ARKF", "--until", "2019-01-01", "--since", "2018-01-01"), "no files of ARKF before"),
    ],
    ids=" ".join,
)
def test_an_empty_answer_says_why(run: Run, story: str, typed: tuple[str, ...], said: str) -> None:
    answer = run(*typed, "--db", story)
    assert answer.code == 0
    assert said in answer.out
    assert run(*typed, "--db", story, "--json").out == "[]\n"


class Screen(io.StringIO):
    """A standard error that is a terminal, or is not."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def long_work(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> str:
    """What is shown while work goes on for twelve seconds by the clock of the test."""
    clock = iter(float(one) for one in range(100))
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    progress = Progress(screen)
    for done in range(1, 13):
        progress("saving", done, 12)
    return screen.getvalue()


def test_long_work_shows_a_bar_with_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = long_work(Screen(terminal=True), monkeypatch)
    assert "\rsaving: 3 of 12 [█████               ] 0:09 left" in shown
    assert "\n" not in shown


def test_in_a_pipe_there_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = long_work(Screen(terminal=False), monkeypatch)
    assert shown.splitlines() == ["saving: 5 of 12 (41 %) 0:07 left", "saving: 10 of 12 (83 %) 0:02 left"]


def test_with_quiet_there_is_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking(quiet=True, colour=Colour.AUTO):
        assert long_work(Screen(terminal=True), monkeypatch) == ""


def test_wide_characters_take_two_cells() -> None:
    lines = output.aligned(["name", "x"], [["台積電", "1"], ["TSMC", "2"], ["שלום", "3"]], [False, False]).splitlines()
    assert [output.width(line) for line in lines] == [9, 9, 9, 9]


def test_what_is_cut_is_cut_by_cells() -> None:
    assert output.shortened("台積電股份", 7) == "台積電…"
    assert output.shortened("台積電股份", 6) == "台積…"  # five cells are left, of which a wide character takes two
    assert output.shortened("台積電", 6) == "台積電"
    assert output.shortened("A" * 9, 6) == "AAAAA…"
    assert all(output.width(output.shortened("a台é" * 30, most)) <= most for most in range(2, 40))


def test_colours_are_used_when_they_may_be(run: Run, sqlite_story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert output.painted("severity", "high") == "\x1b[31mhigh\x1b[0m"
    assert output.painted("name", "high") == "high"
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in run("status", "--db", sqlite_story).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[33m" in run("status", "--db", sqlite_story).out
    assert "\x1b" not in run("status", "--db", sqlite_story, "--color", "never").out
    assert "\x1b" not in run("status", "--db", sqlite_story, "--json").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("status", "--db", sqlite_story).out
    assert "\x1b[33m" in run("status", "--db", sqlite_story, "--color", "always").out


def test_a_table_on_a_terminal_of_its_own(tmp_path: Path, sqlite_story: Path) -> None:
    """A real pseudo-terminal: the table bears colours there, and the exit code is the command's."""
    seen: list[bytes] = []
    command = [*PROGRAM, "status", "--db", str(sqlite_story)]

    def read(number: int) -> bytes:
        seen.append(os.read(number, 4096))
        return seen[-1]

    status = pty.spawn(["env", "-u", "NO_COLOR", "TERM=xterm", "COLUMNS=200", *command], read)
    assert os.waitstatus_to_exitcode(status) == 3
    assert b"\x1b[33m" in b"".join(seen)
