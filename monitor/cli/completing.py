"""What the shell may complete: words of a closed set, and names from the configured database.

Whoever presses the tab key waits, so nothing heavy is imported, a look into the database is cut off after `PATIENCE`
seconds, and whatever goes wrong means that nothing is offered.
"""

from __future__ import annotations

import os
import re
import signal
import tomllib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import typer

PATIENCE = 0.3
PROGRAM = "holdings-monitor"
VARIABLE = "_HOLDINGS_MONITOR_COMPLETE"
SOURCE_ID = re.compile(r'^(\[\[[a-z]+\]\]\n)?id = "([a-z][a-z0-9-]{1,30})"', re.MULTILINE)  # of a file or a brand
Complete = Callable[[typer.Context, str], list[str]]


class TookTooLongError(Exception):
    """The time for an answer is over."""


def words(known: Iterable[str]) -> Complete:
    """Completes one of these, whatever the case of what was typed."""
    fixed = tuple(str(one) for one in known)

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        return _beginning(fixed, incomplete)

    return complete


def view(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the name of a documented view."""
    from monitor.store.views import VIEWS

    return _beginning([one.name for one in VIEWS], incomplete)


def source(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the id of a source we can read; one file may describe many. Nothing is parsed: Tab must not wait."""
    folder = Path(__file__).parents[1] / "sources" / "issuers"
    found = [match for one in folder.glob("*.toml") for match in SOURCE_ID.findall(one.read_text("utf-8"))]
    return _beginning(sorted(name for table, name in found if table in ("", "[[brands]]\n")), incomplete)


def channel(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes the name of a configured channel."""

    def look() -> list[str]:
        found = _document(ctx)[1].get("channels")
        return _beginning(sorted(found) if isinstance(found, dict) else (), incomplete)

    return _in_time(look)


def fund(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes a fund of the database."""
    return _from_database(ctx, "fund", incomplete)


def issuer(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes an issuer of the database."""
    return _from_database(ctx, "issuer", incomplete)


def security(ctx: typer.Context, incomplete: str) -> list[str]:
    """Completes a ticker, also a former one, of the database."""
    return _from_database(ctx, "security", incomplete)


def script(shell: str) -> str:
    """What the shell is to read once."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined,unused-ignore]

    return get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=shell) + "\n"


def prepare() -> None:
    """Lets the shell ask: to be called before the commands are run for a completion."""
    from typer.completion import completion_init  # type: ignore[attr-defined,unused-ignore]

    completion_init()
    if "COMP_WORDS" in os.environ:
        _without_equal_signs()


def _without_equal_signs() -> None:
    """Bash takes `--format=js` for three words; the parser expects the option and its value."""
    found, at = os.environ["COMP_WORDS"].split("\n"), int(os.environ.get("COMP_CWORD", "0"))
    kept = [(place, word) for place, word in enumerate(found) if word != "=" or place >= at]
    os.environ["COMP_WORDS"] = "\n".join(word for _, word in kept)
    os.environ["COMP_CWORD"] = str(sum(place < at for place, _ in kept))


def _beginning(known: Iterable[str], incomplete: str) -> list[str]:
    """Those that begin so, written in the case of what was typed, which the shell compares exactly."""
    found = [one for one in known if one.lower().startswith(incomplete.lower())]
    exact = [one for one in found if one.startswith(incomplete)]
    return exact or [incomplete + one[len(incomplete) :] for one in found]


def _from_database(ctx: typer.Context, what: str, incomplete: str) -> list[str]:
    def look() -> list[str]:
        from monitor.store.completing import names

        return _beginning(names(_database(ctx), what, incomplete, PATIENCE), incomplete)

    return _in_time(look)


def _in_time(look: Callable[[], list[str]]) -> list[str]:
    """What was found; nothing when the time is over or anything goes wrong."""

    def stop(_number: int, _frame: object) -> None:
        raise TookTooLongError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE)
    found: list[str] = []
    try:
        with suppress(Exception):
            found = look()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return found


def _database(ctx: typer.Context) -> str:
    """The address the command itself would use: --db, the environment, the configuration file, the default."""
    if given := ctx.params.get("db"):
        return str(given) if "://" in given else f"sqlite:///{Path(given).expanduser().absolute()}"
    if named := os.environ.get("HOLDINGS_MONITOR_DATABASE"):
        return named
    folder, document = _document(ctx)
    written = str(document.get("database", "sqlite:///holdings.db"))
    if file := document.get("database_file"):
        written = (folder / file).read_text(encoding="utf-8").strip()
    if written.startswith("sqlite:///") and not written.startswith("sqlite:////"):
        return f"sqlite:///{folder / written.removeprefix('sqlite:///')}"
    return written


def _document(ctx: typer.Context) -> tuple[Path, dict[str, Any]]:
    """The configuration's folder and content as written: `monitor.config` would check it, which takes too long."""
    asked = ctx.params.get("config") or os.environ.get("HOLDINGS_MONITOR_CONFIG")
    home = os.environ.get("XDG_CONFIG_HOME") or f"{os.environ.get('HOME', '')}/.config"
    places = [Path(asked).expanduser()] if asked else [Path("monitor.toml"), Path(home, PROGRAM, "monitor.toml")]
    for place in places:
        if place.is_file():
            return place.parent.absolute(), tomllib.loads(place.read_text(encoding="utf-8-sig"))
    return Path().absolute(), {}
