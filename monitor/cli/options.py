"""The options that commands share, and how dates and choices on the command line are understood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from monitor.cli import completing
from monitor.cli.output import Format
from monitor.core import days
from monitor.core.errors import UsageError

if TYPE_CHECKING:
    from monitor.config import Config
    from monitor.scale.where import Where

E = TypeVar("E", bound=StrEnum)

Db = Annotated[
    str | None,
    typer.Option(
        "--db", metavar="URL", help="Database: sqlite:///file.db, postgresql://user@host/name, or a file name."
    ),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Configuration; default: monitor.toml here, if there.")
]

Cluster = Annotated[
    str | None,
    typer.Option("--cluster", metavar="ADDRESS", help="Let the workers of this Dask scheduler do it: tls://HOST:8786."),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        min=1,
        max=256,
        metavar="N",
        help="Let so many processes on this machine do it: pays with several issuers.",
    ),
]


def where(cluster: str | None, workers: int | None) -> Where | None:
    """Where workers are asked for; None: this process does it all. Raises UsageError when both are named."""
    if cluster is None and workers is None:
        return None
    if cluster is not None and workers is not None:
        raise UsageError("Say --cluster ADDRESS or --workers N, not both.")
    if cluster is not None and not cluster.strip():
        raise UsageError("--cluster is empty. Write the scheduler's address: tls://HOST:8786.")
    from monitor.scale.where import Where

    return Where(cluster or "", workers or 0)


def named(kind: type[E], flag: str) -> Callable[[str | E], E]:
    """What makes a member of an enum of an option's text; a wrong one is answered with the nearest."""

    def parse(text: str | E) -> E:
        try:
            return kind(text.lower())
        except ValueError:
            hint = meant(text, [member.value for member in kind])
            raise typer.BadParameter(f"{text!r} is no value of {flag}.{hint}") from None

    return parse


Form = Annotated[
    Format,
    typer.Option(
        "--format",
        parser=named(Format, "--format"),
        metavar="[table|json|csv]",
        help="How to print the list.",
        show_default=False,
        autocompletion=completing.words(Format),
    ),
]
Issuer = Annotated[
    str | None,
    typer.Option("--issuer", metavar="ID", help="Only this issuer.", autocompletion=completing.issuer),
]
Fund = Annotated[
    str | None,
    typer.Option(
        "--fund", metavar="FUND", help="Only this fund (ticker, or issuer/ticker).", autocompletion=completing.fund
    ),
]
Security = Annotated[
    str | None,
    typer.Option("--security", metavar="S", help="Only this security.", autocompletion=completing.security),
]
Channel = Annotated[
    str | None,
    typer.Option("--channel", metavar="NAME", help="Only this channel.", autocompletion=completing.channel),
]
On = Annotated[
    str | None,
    typer.Option("--on", metavar="DATE", help="The latest file dated so or before: 2021-09-03, yesterday, -30d."),
]


def day(text: str | None) -> date | None:
    """A date as people write it: 2021-09-03, today, yesterday, -30d (also w, m, y)."""
    return None if text is None else days.day(text, datetime.now(UTC).date())


def instant(text: str | None) -> datetime | None:
    """An instant, or the end of a day: see `days.instant`."""
    return None if text is None else days.instant(text, datetime.now(UTC).date())


def period(since: str | None, until: str | None) -> tuple[date | None, date | None]:
    """The days of --since and --until, in this order."""
    first, last = day(since), day(until)
    if first is not None and last is not None and first > last:
        raise UsageError(f"--since {first} is later than --until {last}: no day is between them.")
    return first, last


def known_channel(config: Config, name: str | None) -> None:
    """Raises UsageError unless the configuration has a channel called so, or none was named."""
    if name is not None and name not in config.channels:
        raise UsageError(f"There is no channel {name!r}.{meant(name, list(config.channels))}")


def one_of(text: str | None, known: Sequence[str], what: str) -> str | None:
    """The text, which must be one of these words; a wrong one is answered with the nearest."""
    if text is not None and text not in known:
        raise UsageError(f"There is no {what} {text!r}.{meant(text, known)}")
    return text


def meant(text: str, known: Sequence[str]) -> str:
    """What was probably meant, and what there is: the end of a sentence about a wrong word."""
    close = get_close_matches(text.strip().lower(), known, 1, 0.5)
    return f"{f' Did you mean {close[0]}?' if close else ''} Known: {', '.join(known) or 'none'}"


def choices(kind: type[E], texts: list[str] | None, what: str) -> tuple[E, ...]:
    """The members of an enum named by `texts`, whatever their case; a wrong one is answered with the nearest."""
    by_fold = {member.value.lower(): member for member in kind}
    found = []
    for text in texts or []:
        key = text.strip().lower().replace("-", "_")
        if key not in by_fold:
            close = get_close_matches(key, list(by_fold), 1, 0.5)
            hint = f" Did you mean {by_fold[close[0]].value}?" if close else ""
            raise UsageError(f"There is no {what} {text!r}.{hint} Known: {', '.join(m.value for m in kind)}")
        found.append(by_fold[key])
    return tuple(found)
