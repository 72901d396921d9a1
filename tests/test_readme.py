"""The README promises commands, queries, views and kinds: each exists, and each that exists is promised."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from monitor.cli.commands import cli
from monitor.config import load, sections
from monitor.core.model import Kind
from monitor.routing import plan_of
from monitor.sources import registry
from monitor.store.engine import Engine
from monitor.store.readonly import ask
from monitor.store.views import VIEWS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?)```", README, flags=re.S)


def commands() -> set[str]:
    """Every command as it is typed, those of groups with both words."""
    root = get_command(cli)
    assert isinstance(root, typer.core.TyperGroup)
    found = set()
    for name, command in root.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            found |= {f"{name} {sub}" for sub in command.commands}
            found |= {name} if getattr(command, "usual", "") else set()
        else:
            found.add(name)
    return found


def test_the_readme_lists_every_command_and_no_other() -> None:
    table = README.split("| command | does |")[1].split("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("|")]
    listed = {name for row in rows for name in re.findall(r"`([a-z -]+)`", row)}
    assert listed == commands()


def test_every_command_line_in_the_readme_exists() -> None:
    typed = re.findall(r"holdings-monitor ([a-z][a-z-]*)(?: ([a-z]+))?", README)
    assert len(typed) >= 6
    known = commands()
    for first, second in typed:
        assert first in known or f"{first} {second}" in known, f"holdings-monitor {first} {second}"


def test_there_are_three_queries() -> None:
    assert len(QUERIES) == 3


@pytest.mark.parametrize("query", QUERIES, ids=["holds-now", "came-back", "held-long"])
def test_the_queries_of_the_readme_run(engine: Engine, query: str) -> None:
    answer = ask(engine.url.render_as_string(hide_password=False), query, seconds=10, limit=10)
    assert len(answer.columns) >= 4
    assert answer.rows == ()


def test_the_readme_describes_every_view_with_its_columns() -> None:
    for view in VIEWS:
        row = next(line for line in README.splitlines() if line.startswith(f"| `{view.name}`"))
        assert re.findall(r"`([a-z0-9_]+)`", row.split("|")[3]) == [column.name for column in view.columns]


def test_the_readme_explains_every_kind() -> None:
    table = README.split("| kind | means |")[1].split("\n\n")[0]
    assert set(re.findall(r"`([A-Z_]+)`", table)) == {kind.value for kind in Kind}


def test_the_channels_of_the_readme_are_valid() -> None:
    text = re.findall(r"```toml\n(.*?)```", README, flags=re.S)[0]
    document = sections.Document.model_validate(tomllib.loads(text))
    assert {channel.type for channel in document.channels.values()} == {"slack", "mail"}


def test_the_rules_of_the_readme_mean_something(tmp_path: Path) -> None:
    text = next(one for one in re.findall(r"```toml\n(.*?)```", README, flags=re.S) if "[[rules]]" in one)
    file = tmp_path / "monitor.toml"
    file.write_text(text, encoding="utf-8")
    plan = plan_of(load(file, {"SLACK_BOT_TOKEN": "x"}), registry.load())
    assert [rule.deliver.value for rule in plan.rules] == ["now", "now", "weekly", "never"]
    assert plan.channels == ("mail",)
    assert plan.everybody == ("slack", "mail")
    assert plan.flood == 20
