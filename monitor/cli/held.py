"""The commands `quarantine …`: files held back or refused, and the operator's word on them."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from monitor.cli import output, summary
from monitor.cli.context import ATTENTION, history, program
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, record
from monitor.cli.shape import Program
from monitor.cli.wording import counted
from monitor.core.errors import UsageError

group = Program(
    "Files that were not believed or not understood: see them, accept, reject or read again.",
    examples=(
        "quarantine list --all",
        "quarantine show ARKF/2021-09-03",
        "quarantine accept ARKF/2021-09-03",
    ),
)
Ref = Annotated[
    str,
    typer.Argument(metavar="FILE", help="As `list` names it: [issuer/]FUND/DATE/HASH, or the beginning of its hash."),
]
PRIVATE = ("snapshot", "fund_id")
LINES = 30


@group.command("list")
def list_files(
    everything: Annotated[bool, typer.Option("--all", help="Also refused, discarded and rejected files.")] = False,
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The files that wait for the next file or for your word, with the reasons."""
    from monitor.asking.answers.running import kept_files

    with history(config, db) as conn:
        rows = [record(one) for one in kept_files(conn, everything=everything)]
    columns = ("file", "state", "as_of", "reasons", "place")
    if form is Format.TABLE:
        rows = [one | {"reasons": _brief(one["reasons"])} for one in rows]
    output.show(rows, form, columns, "Nothing is quarantined.")


def _brief(reasons: object) -> str:
    assert isinstance(reasons, list)
    return "; ".join(str(one["text"]) for one in reasons)


@group.command("show")
def show_file(ref: Ref, form: Form = Format.TABLE, db: Db = None, config: ConfigFile = None) -> None:
    """Why a file is held, its hash, and its first lines as we have them."""
    from monitor.store import archive, queries

    with history(config, db) as conn:
        found = queries.find_held(conn, ref)
        lines = archive.get(conn, found.sha256)[:20_000].decode("utf-8", "replace").splitlines()
    tree = {key: value for key, value in record(found).items() if key not in PRIVATE}
    if form is not Format.TABLE:
        output.show([tree | {"first_lines": lines[:LINES]}], form, tuple(tree), "")
        return
    for key, value in tree.items():
        if key in ("reasons", "warnings"):
            assert isinstance(value, list)
            for one in value:
                output.say(f"{key[:-1]:10} {one['gate']}: {one['text']}")
        else:
            output.say(f"{key:10} {output.cell(value)}")
    output.say()
    for line in lines[:LINES]:
        output.say(f"  {line[:160]}")
    if len(lines) > LINES:
        output.say("  …")


@group.command()
def accept(ref: Ref, db: Db = None, config: ConfigFile = None) -> None:
    """Believe a file after all: it counts, and what follows from it is derived and told. A later `reject` undoes it."""
    _decide(ref, "accept", db, config)


@group.command()
def reject(ref: Ref, db: Db = None, config: ConfigFile = None) -> None:
    """Never believe a file, an accepted one too: it stays stored and counts for nothing. A later `accept` undoes it."""
    _decide(ref, "reject", db, config)


def _decide(ref: str, verdict: Literal["accept", "reject"], db: Db, config: ConfigFile) -> None:
    from monitor.store import queries
    from monitor.store.engine import reading

    app = program(config, db)
    with app.existing() as engine:
        with reading(engine) as conn:
            found = queries.find_held(conn, ref)
        if not isinstance(found, queries.HeldFile):
            raise UsageError(f"{found.ref} could not be read at all ({found.text}); it can only be replayed.")
        outcome = app.decide(engine, found, verdict)
        events, items = counted(outcome.events, "event"), counted(outcome.items, "item")
        output.say(f"{found.ref} is {verdict}ed: {events}, {items}.")
        if outcome.deliveries:
            raise typer.Exit(summary.send(app, engine))


@group.command()
def replay(ref: Ref, db: Db = None, config: ConfigFile = None) -> None:
    """Read the stored bytes again, for instance after the source's description was corrected."""
    from monitor.store import queries
    from monitor.store.engine import reading

    app = program(config, db)
    with app.existing() as engine:
        with reading(engine) as conn:
            found = queries.find_held(conn, ref)
        outcome = app.replay(engine, found)
        with reading(engine) as conn:
            held = any(one.sha256 == found.sha256 for one in queries.held_files(conn))
    summary.print_outcome(outcome, brief=False)
    if held:
        output.say("It reads as before and is still held: accept or reject it, or let the next file decide.")
    raise typer.Exit(ATTENTION if held else summary.exit_code(outcome))
