"""Commands made of the descriptions in `monitor.asking`: one per question, its parameters as arguments and options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.asking.question import Parameter, Question, Want
from monitor.cli import completing, output
from monitor.cli.context import history, now
from monitor.cli.options import ConfigFile, Db, Form
from monitor.cli.output import Format, Record

if TYPE_CHECKING:
    from monitor.asking.arguments import Raw
    from monitor.store.engine import Connection


def command(question: Question) -> Callable[..., None]:
    """The function Typer makes a command of."""

    def run(form: Format, db: str | None, config: Path | None, **given: Any) -> None:
        with history(config, db) as conn:
            rows, empty = answered(conn, question, given)
        output.show(rows, form, question.table, empty)

    options = [_parameter(one) for one in question.parameters]
    shared = [
        inspect.Parameter("form", inspect.Parameter.KEYWORD_ONLY, default=Format.TABLE, annotation=Form),
        inspect.Parameter("db", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Db),
        inspect.Parameter("config", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ConfigFile),
    ]
    run.__signature__ = inspect.Signature([*options, *shared])  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in (*options, *shared)}
    run.__name__ = question.name
    run.__doc__ = f"{question.about}\n\n{question.note}" if question.note else question.about
    return run


def answered(conn: Connection, question: Question, raw: Raw) -> tuple[tuple[Record, ...], str]:
    """The rows, and why there are none."""
    from monitor.asking.answer import ask
    from monitor.asking.emptiness import why_empty

    answer = ask(conn, question, raw, now().date())
    return answer.rows, why_empty(conn, answer, near=True) or ""


def _parameter(one: Parameter) -> inspect.Parameter:
    if one.required:
        about = _about(one)
        kind: Any = Annotated[
            str,
            typer.Argument(metavar=one.name.upper(), help=about, show_default=False, autocompletion=_complete(one)),
        ]
        return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, annotation=kind)
    flag, about = f"--{one.name.replace('_', '-')}", _about(one)
    if one.want is Want.FLAG:
        kind = Annotated[bool, typer.Option(flag, help=about)]
        return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=kind)
    if one.want is Want.CHOICES:
        option = typer.Option(flag, metavar="NAME", help=about, autocompletion=_complete(one))
        kind = Annotated[list[str] | None, option]
    else:
        metavar = METAVARS.get(one.want, "TEXT")
        kind = Annotated[str | None, typer.Option(flag, metavar=metavar, help=about, autocompletion=_complete(one))]
    return inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


METAVARS = {
    Want.FUND: "FUND",
    Want.ISSUER: "ID",
    Want.SECURITY: "S",
    Want.DAY: "DATE",
    Want.INSTANT: "INSTANT",
    Want.COUNT: "N",
    Want.NUMBER: "N",
    Want.CHOICE: "NAME",
}


COMPLETES = {
    Want.FUND: completing.fund,
    Want.ISSUER: completing.issuer,
    Want.SECURITY: completing.security,
    Want.DAY: completing.words(("today", "yesterday")),
}


def _complete(one: Parameter) -> completing.Complete | None:
    return completing.words(one.choices) if one.choices else COMPLETES.get(one.want)


def _about(one: Parameter) -> str:
    choices = f" One of: {', '.join(one.choices)}." if one.want is Want.CHOICE else ""
    many = f" Any of: {', '.join(one.choices)}; repeatable." if one.want is Want.CHOICES else ""
    default = f" Default: {one.default}." if one.default is not None else ""
    return f"{one.about}{choices}{many}{default}"
