"""What all commands have in common: the options of manner, help in sections with examples, and "did you mean".

A group of commands is a `Program`; its commands are plain functions that know nothing of this module.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_name

from monitor.cli import completing
from monitor.cli.manner import Colour, speaking
from monitor.cli.options import named
from monitor.cli.output import Format
from monitor.core.errors import UsageError

F = TypeVar("F", bound=Callable[..., None])
DAYS_BACK = re.compile(r"-\d{1,5}[dwmyDWMY]")
SENTENCE = re.compile(r"(.+?[^.])(?:\. |\.?\n\n|\.?$)", re.S)

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only the answer and errors: no notes, no progress.", show_default=False)
]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.", show_default=False)]
Coloured = Annotated[
    Colour,
    typer.Option(
        "--color",
        parser=named(Colour, "--color"),
        metavar="[auto|always|never]",
        help="Colours; NO_COLOR and FORCE_COLOR are honoured.",
        show_default=False,
        autocompletion=completing.words(Colour),
    ),
]


class Command(TyperCommand):
    """A command whose -30d is a date wherever it stands, and whose help costs nothing but text."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments; `-30d` where no option waits for a value is one, not an option called -3."""
        return super().parse_args(ctx, list(_days(args, _takers(self))))

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help, off unless given: Typer would load its validation to find that out."""
        return _off(super().get_help_option(ctx))


class Group(TyperGroup):
    """Commands listed in sections; a name that is none is answered with the nearest, also of another group.

    `usual` is the command meant when none is named, "" when there is none.
    """

    usual = ""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments; where a command is meant without being named, with its name."""
        unnamed = not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)
        return super().parse_args(ctx, [self.usual, *args] if self.usual and unnamed else args)

    def get_help_option(self, ctx: Any) -> Any:
        """See `Command.get_help_option`."""
        return _off(super().get_help_option(ctx))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The commands by their sections, each with its first sentence."""
        shown = [(name, one) for name in self.list_commands(ctx) if (one := self.get_command(ctx, name))]
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, one in shown:
            if not one.hidden:
                sections.setdefault(getattr(one, "rich_help_panel", None) or "Commands", []).append((name, first(one)))
        longest = max((len(name) for name, _ in shown), default=0)
        for section, rows in sections.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(longest), text) for name, text in rows])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command named by the first argument."""
        named = args and not args[0].startswith("-")
        if named and not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            ctx.fail(self._unknown(ctx, args[0]))
        return super().resolve_command(ctx, args)

    def _unknown(self, ctx: Any, word: str) -> str:
        close = [f"`{name}`" for name in get_close_matches(word.lower(), self.list_commands(ctx), 2, 0.6)]
        if not close:
            paths = list(_paths(ctx.find_root().command, ()))
            last = [path[-1] for path in paths]
            near = get_close_matches(word.lower(), last, 1, 0.75)
            close = [f"`{' '.join(path)}`" for path in paths if path[-1] in near][:3]
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        return f"There is no command {word[:40]!r}.{hint}"


class Program(typer.Typer):
    """A group of commands; each gets --quiet and --color, and --json where it has --format."""

    def __init__(self, about: str, examples: Sequence[str] = (), usual: str = "", **more: Any) -> None:
        settings: dict[str, Any] = {"rich_markup_mode": None, "pretty_exceptions_enable": False}
        kind = type("Group", (Group,), {"usual": usual}) if usual else Group
        super().__init__(cls=kind, help=about, no_args_is_help=not usual, epilog=shown(examples), **settings | more)

    def command(self, name: str | None = None, *, examples: Sequence[str] = (), **more: Any) -> Callable[[F], F]:
        """Registers a function as a command; the function itself is left as it is."""
        register = super().command(name, cls=Command, epilog=shown(examples), **more)

        def take(function: F) -> F:
            register(_with_manner(function))
            return function

        return take

    def meant(self, words: Sequence[str]) -> Program:
        """This one, with nothing but the command that the words name, where they begin with one: whenever a command is
        called, Typer reads the signatures of all there are, 50 ms for ours."""
        name, more = (words[0], words[1:]) if words else ("", ())
        commands = [one for one in self.registered_commands if _called(one) == name]
        groups = [one for one in self.registered_groups if one.name == name and _has(one.typer_instance, more)]
        if not (commands or groups):
            return self
        found = copy(self)
        found.registered_commands, found.registered_groups = commands, groups
        return found


def shown(examples: Sequence[str]) -> str | None:
    """Examples as the end of a help text; the lines stay as they are."""
    lines = "\n".join(f"  holdings-monitor {one}" for one in examples)
    return f"\b\nExamples:\n{lines}" if examples else None


def first(command: Any) -> str:
    """The first sentence about a command."""
    text = inspect.cleandoc(command.help or "").replace("\b", "")
    found = SENTENCE.match(text)
    return " ".join((found[1] if found else text).split())


def _with_manner(function: Callable[..., None]) -> Callable[..., None]:
    """The function with the shared options, which it does not see."""
    signature = inspect.signature(function)
    hints = get_type_hints(function, include_extras=True)
    own = [one.replace(annotation=hints[name]) for name, one in signature.parameters.items()]
    has_form = "form" in signature.parameters

    def run(**given: Any) -> None:
        quiet, colour = given.pop("quiet"), given.pop("color")
        if has_form and given.pop("as_json"):
            if given["form"] is Format.CSV:
                raise UsageError("Say --json or --format csv, not both.")
            given["form"] = Format.JSON
        with speaking(quiet=quiet, colour=colour):
            function(**given)

    keyword = inspect.Parameter.KEYWORD_ONLY
    added = [inspect.Parameter("as_json", keyword, default=False, annotation=Json)] if has_form else []
    added.append(inspect.Parameter("quiet", keyword, default=False, annotation=Quiet))
    added.append(inspect.Parameter("color", keyword, default=Colour.AUTO, annotation=Coloured))
    parameters = [*(one.replace(kind=keyword) for one in own), *added]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {one.name: one.annotation for one in parameters}
    run.__name__, run.__doc__ = function.__name__, function.__doc__
    return run


def _called(command: Any) -> str:
    return str(command.name or get_command_name(command.callback.__name__))


def _has(group: Any, words: Sequence[str]) -> bool:
    """Whether a group has the command that the words begin with: if not, its answer is about the others, too."""
    return bool(words) and any(_called(one) == words[0] for one in group.registered_commands)


def _off(option: Any) -> Any:
    if option is not None and option.default is None:
        option.default = False
    return option


def _takers(command: Any) -> set[str]:
    """The options that take the next argument as their value."""
    options = [one for one in command.params if one.param_type_name == "option" and not getattr(one, "is_flag", False)]
    return {name for one in options for name in one.opts}


def _days(args: Sequence[str], takers: set[str]) -> Iterator[str]:
    before, literal = "", False
    for one in args:
        literal = literal or before == "--"
        wanted = not literal and before not in takers and DAYS_BACK.fullmatch(one)
        yield one[1:] if wanted else one
        before = one


def _paths(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every command as it is typed."""
    for name, one in getattr(command, "commands", {}).items():
        if hasattr(one, "commands"):
            yield from _paths(one, (*path, name))
        elif not one.hidden:
            yield (*path, name)
