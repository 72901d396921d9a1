"""The project itself: what is packaged, what imports what, and what must never be in the repository."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from monitor import __version__
from monitor.store.migrate import migrations_folder
from monitor.store.views import VIEWS

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

HOSTS = re.compile(r"pypi\.(?:org)|python(?:hosted)\.org|npmjs\.(?:org|com)|deb\.(?:debian)\.org")
MACHINE_PATHS = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:wor[k]|roo[t]|farm)/")


def tracked() -> list[Path]:
    """The files under version control, or all source files where there is no repository."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    names = [name for name in done.stdout.decode().split("\0") if name] if done.returncode == 0 else []
    found = [ROOT / name for name in names] or [
        p for f in ("monitor", "migrations", "tests") for p in (ROOT / f).rglob("*")
    ]
    return [path for path in found if path.is_file() and "__pycache__" not in path.parts]


def imports(path: Path) -> set[str]:
    """The top names of what a module imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_no_file_names_a_registry_host_or_a_path_of_one_machine() -> None:
    bad = []
    for path in tracked():
        text = path.read_text("utf-8", errors="replace")
        bad += [
            f"{path.relative_to(ROOT)}: {m.group()}"
            for pattern in (HOSTS, MACHINE_PATHS)
            for m in pattern.finditer(text)
        ]
    assert bad == []


def test_lock_files_are_not_under_version_control() -> None:
    assert [path.name for path in tracked() if path.name in ("uv.lock", "poetry.lock", "Pipfile.lock")] == []


def test_the_command_and_the_version_are_declared() -> None:
    project = PROJECT["project"]
    assert project["name"] == "holdings-monitor"
    assert project["scripts"] == {"holdings-monitor": "monitor.cli:main"}
    assert PROJECT["tool"]["hatch"]["version"]["path"] == "monitor/__init__.py"
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_runtime_dependency_has_a_floor() -> None:
    assert [need for need in PROJECT["project"]["dependencies"] if ">=" not in need] == []


def test_migrations_are_found_and_shipped() -> None:
    assert (migrations_folder() / "env.py").is_file()
    included = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert included == {"migrations": "monitor/_migrations"}


def test_every_migration_has_its_views_for_both_databases_or_none() -> None:
    names = {path.name for path in (migrations_folder() / "sql").iterdir()}
    for name in names:
        number = name.partition("_")[0]
        assert {f"{number}_sqlite.sql", f"{number}_postgresql.sql"} <= names


def test_sql_is_spoken_in_the_store_alone() -> None:
    speakers = {"sqlalchemy", "psycopg", "sqlite3", "alembic"}
    outside = [p for p in (ROOT / "monitor").rglob("*.py") if (ROOT / "monitor" / "store") not in p.parents]
    assert [f"{path}: {found}" for path in outside if (found := imports(path) & speakers)] == []


def test_core_imports_nothing_but_pure_parts_of_the_standard_library() -> None:
    pure = {
        "__future__",
        "bisect",
        "collections",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "fractions",
        "functools",
    }
    pure |= {"hashlib", "heapq", "itertools", "json", "math", "monitor", "operator", "re", "statistics", "string"}
    pure |= {"typing", "types", "unicodedata", "difflib", "numpy", "abc", "copy", "contextlib", "numbers", "textwrap"}
    found = {path: imports(path) - pure for path in (ROOT / "monitor" / "core").rglob("*.py")}
    assert {path: names for path, names in found.items() if names} == {}


def test_core_never_asks_what_time_it_is() -> None:
    clock = re.compile(r"\.(?:now|utcnow|today)\(")
    assert [p for p in (ROOT / "monitor" / "core").rglob("*.py") if clock.search(p.read_text("utf-8"))] == []


@pytest.mark.parametrize("module", ["monitor.store.engine", "monitor.store.queries", "monitor.core.model"])
def test_importing_costs_no_slow_library(module: str) -> None:
    slow = "{'alembic', 'pandas', 'exchange_calendars', 'dask', 'fastapi'}"
    code = f"import sys, {module}; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_who_only_asks_for_sources_loads_neither_database_nor_web() -> None:
    slow = "{'sqlalchemy', 'requests', 'pandas', 'apscheduler'}"
    code = f"import sys, monitor.app, monitor.sources.registry as r; r.load()['ark']; print({slow} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_who_takes_in_local_files_loads_neither_web_nor_messages_nor_the_other_database() -> None:
    slow = "{'requests', 'monitor.fetching', 'monitor.notify.message', 'monitor.store.queries', 'monitor.schedules'}"
    slow += " | {'sqlalchemy.dialects.postgresql'}"
    code = f"import sys, monitor.pipeline, monitor.store.migrate; print(({slow}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_guard_is_executable_and_runs_the_documented_command() -> None:
    guard = ROOT / ".ci" / "run"
    assert os.access(guard, os.X_OK)
    assert "uv run --extra test pytest" in guard.read_text("utf-8")
    subprocess.run(["bash", "-n", str(guard)], check=True)


def test_every_view_says_what_it_is() -> None:
    assert all(view.name.startswith("v_") and view.says.endswith(".") for view in VIEWS)
