"""How `sources probe` says what it found; what to ask for when the command line leaves it open."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from monitor.cli import options
from monitor.cli.output import plain
from monitor.core.errors import UsageError
from monitor.sources.addresses import safe_url
from monitor.sources.routes import is_dated
from monitor.sources.spec import FundKind, FundSpec, Source, Url

if TYPE_CHECKING:
    from monitor.core.model import HoldingsFile
    from monitor.sources.fetch import Step
    from monitor.sources.probing import Probe

SHOWN_FUNDS = 8  # of a file of many
SHOWN_ROWS = 10  # that were not understood


def wanted(
    source: Source, fund: str | None, url: str | None, day: str | None, now: datetime
) -> tuple[FundSpec, Url | None, date]:
    """The fund, an address instead of its own, and the day: the last session before today when nothing is said."""
    spec = _fund(source, fund, url)
    address = Url(url) if url else None
    known = address or spec.url_on(now.date())
    if (said := options.day(day)) is not None:
        return spec, address, said
    return spec, address, _session(source, now.date()) if known and is_dated(source, known) else now.date()


def _fund(source: Source, fund: str | None, url: str | None) -> FundSpec:
    if fund is not None:
        try:
            return source.fund(fund.upper())
        except KeyError:
            raise UsageError(f"{source.id} has no fund {fund!r}. See: sources show {source.id}") from None
    if url is not None:
        return FundSpec("", "", FundKind.ACTIVE)
    first = next((one for one in (*source.watched(), *source.funds.values()) if one.url is not None), None)
    if first is None:
        raise UsageError(f"{source.id} has no fund with an address: name one, or give --url")
    return first


def _session(source: Source, today: date) -> date:
    from monitor.sources.calendars import sessions_between

    days = sessions_between(source.calendar, today - timedelta(days=14), today - timedelta(days=1))
    return days[-1] if days else today


def explain(source: Source, made: Probe, say: Callable[[str], None]) -> None:
    """Everything about it, for people."""
    for label, text in _told(source, made):
        say(f"{label:<11}{text}")


def _told(source: Source, made: Probe) -> Iterator[tuple[str, str]]:
    yield "fund", made.fund or "(any)"
    for text in made.doubts:
        yield "doubt", text
    if made.day is not None:
        yield "day", str(made.day)
    if made.request is not None:
        yield "address", made.request.place
        yield "asked as", _manner(made)
    for number, step in enumerate(made.steps, start=1):
        yield f"step {number}", step_words(step)
    if made.body:
        yield "body", f"{len(made.body):,} bytes, sha256 {hashlib.sha256(made.body).hexdigest()[:12]}: {_start(made)}"
    if made.name:
        yield "named", made.name
    for file in made.files[:SHOWN_FUNDS]:
        yield from _understood(source, made.fund or file.fund, file)
    if len(made.files) > SHOWN_FUNDS:
        yield "", f"… and {len(made.files) - SHOWN_FUNDS} more funds"
    if made.trouble:
        yield "wrong", f"{made.code}: {made.trouble}" if made.code else made.trouble
    for text in made.advice:
        yield "to do", text
    for text in made.proposals:
        yield "may be", text
    yield "", VERDICTS[made.verdict]


VERDICTS = {
    "read": "The file was read. Nothing was stored.",
    "absent": "There is no file of that day.",
    "refused": "What came is not read as a holdings file.",
    "failed": "No file came.",
}


def _manner(made: Probe) -> str:
    assert made.request is not None
    profile = made.request.profile
    parts = [str(profile.method)]
    if profile.form:
        parts.append(f"form {', '.join(name for name, _ in profile.form)}")
    parts += ["JSON body"] if profile.json else []
    parts += [f"after {safe_url(profile.before)}"] if profile.before else []
    parts += [f"following {len(profile.links)} link{'s' if len(profile.links) > 1 else ''}"] if profile.links else []
    parts += ["in pages"] if profile.pages else []
    parts += ["with cookies"] if profile.cookies else []
    parts += [f"headers {', '.join(name for name, _ in profile.headers)}"] if profile.headers else []
    return ", ".join(parts)


def step_words(step: Step) -> str:
    """One step in a line."""
    if step.what == "link":
        return f"found on it: {step.url}"
    size = f", {step.size:,} bytes" if step.size is not None else ""
    cookies = ", sets cookies" if step.cookies else ""
    return f"{step.what} {step.url} → {step.status} {step.kind or '(no type)'}{size}, {step.seconds:.1f} s{cookies}"


def _start(made: Probe) -> str:
    return repr(made.body[:60].decode("utf-8", "replace"))


def _understood(source: Source, fund: str, file: HoldingsFile) -> Iterator[tuple[str, str]]:
    means = source.convention_of(fund, file.as_of, file.dated_by).value
    weights = [line.weight for line in file.lines if line.weight is not None]
    sums = f", weights sum to {sum(weights, Decimal(0)):.2f}" if weights else ""
    name = " ".join((file.fund or "a fund without ticker", f"({file.title})" if file.title else "")).strip()
    dated = f"dated {file.as_of} (by the {file.dated_by}; convention {means})"
    yield "understood", f"{name}, {dated}, {len(file.lines)} lines{sums}, unread {len(file.unread)}"
    for row in file.unread[:SHOWN_ROWS]:
        yield "unread", f"row {row.row}: {row.reason}: {row.text}"
    for text in file.warnings:
        yield "warning", text


def as_record(source: Source, made: Probe) -> dict[str, object]:
    """The same for programs."""
    return {
        "source": source.id,
        "fund": made.fund or None,
        "day": plain(made.day),
        "address": made.request.place if made.request is not None else None,
        "verdict": made.verdict,
        "steps": [
            {"what": one.what, "url": one.url, "status": one.status, "type": one.kind or None, "bytes": one.size,
             "seconds": round(one.seconds, 3), "cookies": one.cookies}
            for one in made.steps
        ],
        "bytes": len(made.body),
        "sha256": hashlib.sha256(made.body).hexdigest() if made.body else None,
        "name": made.name or None,
        "files": [
            {"fund": one.fund or None, "title": one.title or None, "as_of": plain(one.as_of),
             "lines": len(one.lines), "unread": len(one.unread), "warnings": list(one.warnings)}
            for one in made.files
        ],
        "trouble": made.trouble or None,
        "code": made.code or None,
        "advice": list(made.advice),
        "proposals": list(made.proposals),
        "doubts": list(made.doubts),
    }  # fmt: skip
