"""The command `why`: the evidence behind an answer, as text that reads from top to bottom or as one JSON object."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from monitor.cli import output
from monitor.cli.context import program
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, cell, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.why import Answer, EventAnswer, FileAnswer, ItemAnswer, MessageAnswer, RefusalAnswer
    from monitor.why.facts import FileFacts


def why(
    name: Annotated[
        str, typer.Argument(metavar="ID", help="An event, item, file, refusal or message, as other commands list it.")
    ],
    form: Form = Format.TABLE,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """The evidence behind an answer: lines as printed, files and hashes, flow, links, splits, score, and the sums."""
    from monitor.why import why as explain

    app = program(config, db)
    with app.reading() as conn:
        answer = explain(conn, app.sources(), name)
    tree = output.record(answer)
    if form is Format.TABLE:
        _print(answer)
    elif form is Format.JSON:
        sys.stdout.write(output.json_text([tree]) + "\n")
    else:
        output.show([tree], form, tuple(tree), "")


def _print(answer: Answer) -> None:
    from monitor.why import EventAnswer, FileAnswer, ItemAnswer, MessageAnswer, RefusalAnswer

    match answer:
        case EventAnswer():
            _event(answer)
        case ItemAnswer():
            _item(answer)
        case RefusalAnswer():
            _refusal(answer)
        case FileAnswer():
            _file_answer(answer)
        case MessageAnswer():
            _message(answer)
        case _:
            assert_never(answer)


def _event(one: EventAnswer) -> None:
    _head(f"{one.id}  {one.kind} in {one.fund}", one.claim)
    _say("rule", one.rule)
    _say("security", _security(one.security))
    _say("session", f"{_interval(one.pos_session)}, known {cell(one.known_at)}, confidence {one.confidence}")
    if one.item is not None:
        _say("told as", one.item)
    for at, file in enumerate(one.files):
        _file(file, same_dating=at > 0 and file.dating == one.files[at - 1].dating)
    for beside in one.beside:
        say(f"\nbeside: {beside.source} of {beside.as_of}, {beside.title} (after the close of {beside.pos_session})")
        _say("place", beside.place)
        _say("sha-256", beside.sha256)
        _say("line", beside.line)
    _section("arithmetic", one.arithmetic)
    _section(
        "splits", (f"{x.factor} new for one old from files dated {x.day} ({x.rule}; {x.evidence})" for x in one.splits)
    )
    _section(
        "links",
        (
            f"{x.day} {x.fund}: {x.earlier} → {x.later}, {x.kind} by {x.rule}, {x.confidence}: {x.evidence}"
            for x in one.links
        ),
    )
    _section("spells", (_spell(spell) for spell in one.spells))


def _spell(one: object) -> str:
    tree = output.record(one)
    shut, opened, first = tree["closed"], _interval(tree["opened"]), tree["first_file"]
    closed = "still open" if shut is None else f"closed {_interval(shut)}, file {tree['exit_file']}"
    sizes = f"{cell(tree['entry_shares'])} shares, peak {cell(tree['peak_shares'])}"
    return f"opened {opened}, first file {first}: {sizes}; {closed}, last file that lists it {cell(tree['last_file'])}"


def _item(one: ItemAnswer) -> None:
    _head(f"{one.id}  {one.kind} at {one.issuer}", one.claim)
    _say("rule", one.rule)
    _say("security", _security(one.security))
    _section("score", [*(f"{x.points:+.2f}  {x.name}: {x.how}" for x in one.score.terms), _score(one)])
    _section("arithmetic", one.arithmetic)
    _section(
        "messages",
        (f"{x.id} to {x.channel}, revision {x.revision}: {x.state} {x.sent_at or ''}" for x in one.deliveries),
    )
    for event in one.events:
        say()
        _event(event)


def _score(one: ItemAnswer) -> str:
    return f"{one.score.sum:+.2f}  sum: score {one.score.score}, {one.score.severity} ({one.score.rule})"


def _refusal(one: RefusalAnswer) -> None:
    _head(f"{one.id}  refused: {one.code}", one.text)
    _say("rule", one.rule)
    where = [f"row {one.row}" if one.row else "", f"column {one.column}" if one.column else ""]
    if any(where):
        _say("where", ", ".join(word for word in where if word))
    if one.printed is not None:
        _cells(one.printed.row, one.printed.cells)
    _say("again", one.today)
    _say("body", f"{one.size:,} bytes, sha-256 {one.sha256}")
    _say("place", f"{one.place}, seen {one.times} × from {cell(one.first_at)} to {cell(one.last_at)}")
    _section("first lines", (line[:160] for line in one.first_lines))


def _file_answer(one: FileAnswer) -> None:
    _head(f"{one.id}  {one.file.standing or 'not yet judged'}", one.rule)
    if one.settled is not None:
        by = f"an operator ({one.operator})" if one.operator else f"the file dated {one.settled}"
        _say("decided by", by)
    _say("read", f"{one.printed_lines} lines, {one.unread} rows not used")
    _file(one.file)
    if one.previous is not None:
        _file(one.previous)
    _section("arithmetic", one.arithmetic)


def _message(one: MessageAnswer) -> None:
    _head(f"{one.delivery.id}  message to {one.delivery.channel}", f"{one.delivery.state}; {one.text}")
    if one.item is not None:
        say()
        _item(one.item)


def _file(one: FileFacts, *, same_dating: bool = False) -> None:
    say()
    session = f"positions after the close of {one.pos_session}" if one.pos_session else "session unknown"
    say(f"{one.role}: {one.fund}, file dated {one.as_of} ({session})")
    _say("place", one.place)
    _say("sha-256", one.sha256)
    _say("known", f"{cell(one.known_at)} ({one.arrival}), {one.standing or 'not yet judged'}")
    _say("dating", "as above" if same_dating else one.dating)
    for gate in one.gates:
        _say("gate", f"{gate.gate}: {gate.text}")
    for line in one.lines:
        _cells(line.row, line.cells)
    if one.note:
        _say("line", one.note)
    if len(one.lines) > 1:
        _say("together", f"{cell(one.shares)} shares, value {cell(one.value)}, weight {cell(one.weight)} %")


def _cells(row: int, cells: Mapping[str, str]) -> None:
    _say(f"row {row}", " | ".join(f"{name}: {text}" for name, text in cells.items() if text.strip()))


def _security(tree: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in tree.items() if value is not None)


def _interval(tree: object) -> str:
    if not isinstance(tree, dict):
        return "–"
    first, last = tree.get("from"), tree.get("to")
    if first is None or first == last:
        return cell(last)
    return f"{first} … {last}"


def _head(title: str, words: str) -> None:
    say(title)
    _folded(words)


def _section(title: str, lines: Iterable[str]) -> None:
    found = list(lines)
    if found:
        say()
        say(title)
        for line in found:
            _folded(line)


def _say(name: str, words: str) -> None:
    for line in output.folded(f"{name:10} {words}", "  ", " " * 13):
        say(line)


def _folded(text: str) -> None:
    for line in output.folded(text, "  ", "    "):
        say(line)
