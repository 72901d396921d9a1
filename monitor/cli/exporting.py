"""The command `export`: a whole view, or the answer to a question, as a file or a folder of parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import completing, output
from monitor.cli.context import now, program
from monitor.cli.options import ConfigFile, Db
from monitor.cli.wording import counted
from monitor.core.errors import UsageError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.asking.question import Question
    from monitor.exporting.table import Table
    from monitor.store.views import View

Writer = Callable[[Path, "Table"], int]
ENDINGS = ".csv, .json, .jsonl, .parquet or .xlsx"


def export(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A documented view (v_holdings, or holdings) or a question (who-holds).",
            autocompletion=completing.view,
        ),
    ],
    to: Annotated[
        str, typer.Option("--to", metavar="FILE", help=f"A file that ends with {ENDINGS}; with --partition a folder.")
    ],
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", metavar="COLUMN=VALUE", help="Only these rows of a view; repeatable. COLUMN=: unknown."
        ),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PARAMETER=VALUE", help="What to ask a question, as fund=ARKK; repeatable."),
    ] = None,
    question: Annotated[
        bool,
        typer.Option("--question", help="NAME is a question, also where a view is called so; --with says it, too."),
    ] = False,
    partition: Annotated[
        str | None,
        typer.Option("--partition", metavar="COLUMNS", help="Parquet in folders by these: issuer,fund or year."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
    db: Db = None,
    config: ConfigFile = None,
) -> None:
    """Write a whole view, or the answer to a question, to a file that is complete or absent."""
    path = Path(to)
    wanted = _wanted(name, asks=question or bool(given))
    if where and not _is_view(wanted):
        raise UsageError("--where narrows a view; a question is asked --with its parameters.")
    _check_place(path, to, partition, force)
    app = program(config, db)
    write = _writer(path, partition, app)
    from monitor.exporting.placing import placed

    with _table(app, wanted, where or [], given or []) as table, placed(path) as unfinished:
        rows = write(unfinished, table)
    output.say(f"{counted(rows, 'row')} written to {to}.")


def _is_view(wanted: View | Question) -> bool:
    from monitor.store.views import View

    return isinstance(wanted, View)


def _wanted(name: str, *, asks: bool) -> View | Question:
    """The view or question called so. A name that both have means the view unless something is asked."""
    from monitor.asking.registry import QUESTIONS
    from monitor.store.views import VIEWS

    views = {view.name: view for view in VIEWS}
    questions = {one.name: one for one in QUESTIONS}
    word = name.strip().lower().replace("-", "_")
    view = views.get(word) or views.get(f"v_{word}")
    if word in questions and (asks or view is None):
        return questions[word]
    if view is not None and not asks:
        return view
    known = [*(() if asks else views), *questions]
    close = [] if asks else get_close_matches(f"v_{word}", views, 1, 0.85)
    close = close or get_close_matches(word, known, 1, 0.5) or get_close_matches(f"v_{word}", known, 1, 0.6)
    if view is not None:
        raise UsageError(f"{view.name} is a view: narrow it by --where COLUMN=VALUE.")
    hint = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}"
    raise UsageError(f"There is no view and no question {name!r}. {hint}")


def _check_place(path: Path, typed: str, partition: str | None, force: bool) -> None:
    from monitor.cli.files import check_new

    if partition is not None:
        from monitor.exporting.placing import check_folder

        if path.suffix.lower() in (".csv", ".json", ".jsonl", ".ndjson", ".parquet", ".xlsx"):
            raise UsageError(f"--partition makes a folder of Parquet files: {path.name} is the name of a file.")
        check_folder(path, replace=force)
        return
    if typed.endswith("/") or path.is_dir():
        raise UsageError(f"{typed} is a folder. Name a file, or say --partition issuer,fund.")
    if path.is_file() and not force:
        raise UsageError(f"{path} exists already. Choose another name, or replace it with --force.")
    check_new(path, replace=force)


def _writer(path: Path, partition: str | None, app: App) -> Writer:
    ending = ".parquet" if partition is not None else path.suffix.lower()
    if ending == ".parquet" and find_spec("pyarrow") is None:
        raise UsageError(
            'Parquet needs pyarrow: pip install "holdings-monitor[parquet]". The other forms work without.'
        )
    if partition is not None:
        return _in_parts(partition)
    from monitor.exporting import lines

    match ending:
        case ".csv":
            return lines.write_csv
        case ".json":
            return lines.write_json
        case ".jsonl" | ".ndjson":
            return lines.write_json_lines
        case ".parquet":
            from monitor.exporting.parquet import write_parquet

            return write_parquet
        case ".xlsx":
            return _in_excel(app)
    raise UsageError(f"{path.name}: the ending must be {ENDINGS}.")


def _in_parts(partition: str) -> Writer:
    from monitor.exporting.folders import keys_of, write_folder

    return lambda path, table: write_folder(path, table, keys_of(table.fields, partition))


def _in_excel(app: App) -> Writer:
    from monitor.exporting.workbook import write_workbook
    from monitor.store.engine import database_name

    name = database_name(app.config.database)
    return lambda path, table: write_workbook(path, table, database=name, made_at=now())


@contextmanager
def _table(app: App, wanted: View | Question, where: Sequence[str], given: Sequence[str]) -> Iterator[Table]:
    from monitor.cli.progress import Progress
    from monitor.exporting import table
    from monitor.store.views import View

    if isinstance(wanted, View):
        from monitor.store.whole_views import reading_view

        asked = table.filters(wanted, where, now().date())
        with reading_view(app.config.database, wanted, asked) as reader, Progress() as progress:
            yield table.of_view(reader, lambda count: progress(f"Rows of {wanted.name} written", count))
        return
    from monitor.asking.answer import ask, citations

    with app.reading() as conn:
        answer = ask(conn, wanted, table.parameters(given), now().date())
        files = citations(conn, answer)
    yield table.of_answer(answer, files)
