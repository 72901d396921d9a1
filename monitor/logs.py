"""Logs of the running program: one line per record, as text for people or JSON for programs, and never a secret.

Standard library only. Fields are bound by `extra=` or `within`; whoever logs needs nothing of this module. Text
from files and servers cannot forge a line: what is not printable is escaped, and everything has a greatest length.
Secrets are kept out of records where they arise; what is done here is the second line of defence, for libraries too.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from monitor.config import Config

MESSAGE = 2_000  # characters of a message at most
FIELD = 200  # of a field
FIELDS = 16  # bound to one record
TRACE = 12_000  # of a traceback; its end says what happened, so the beginning is cut
STARS = "***"
KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Libraries that tell of every tick what the tick itself tells better, and from which level on they are heard.
NOISY = {"apscheduler": logging.ERROR, "exchange_calendars": logging.WARNING, "alembic": logging.WARNING}

log = logging.getLogger(__name__)


class Redactor:
    """Replaces every text it was told of by three stars."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.hide(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Also replaces these from now on."""
        known = {*self._secrets, *(text for text in secrets if text)}
        self._secrets = tuple(sorted(known, key=lambda text: (-len(text), text)))

    def __call__(self, text: str) -> str:
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, STARS)
        return text


class Guarded:
    """A stream that shows no secret: what is written is held back until its line is whole, then redacted.

    The command line puts one in place of the standard error before anything else happens, and tells it the
    secrets as soon as the configuration is known: tracebacks and what libraries print pass through it, too.
    """

    def __init__(self, stream: TextIO) -> None:
        self.redact = Redactor()
        self._stream = stream
        self._begun = ""
        self._lock = threading.RLock()

    def write(self, text: str) -> int:
        """Takes text; whole lines go on."""
        with self._lock:
            whole, newline, self._begun = (self._begun + text).rpartition("\n")
            if newline:
                self._stream.write(self.redact(whole) + newline)
        return len(text)

    def flush(self) -> None:
        """Also passes on a line that has only begun."""
        with self._lock:
            begun, self._begun = self._begun, ""
            if begun:
                self._stream.write(self.redact(begun))
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:  # isatty, fileno, encoding … as the stream itself has them
        return getattr(self._stream, name)


# What a thread is at, for the records of libraries too, which no adapter reaches.
_AT: ContextVar[Mapping[str, object]] = ContextVar("fields of records")


@contextmanager
def within(**fields: object) -> Iterator[None]:
    """Binds the fields to every record of this thread while the body runs, whoever logs it."""
    before = _AT.set({**_AT.get({}), **fields})
    try:
        yield
    finally:
        _AT.reset(before)


class Text(logging.Formatter):
    """`2026-11-20T21:04:05.000Z INFO monitor.daemon: watching  fund=ARKK`; a traceback follows, line by line."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line, without secrets."""
        parts = [_time(record), record.levelname, f"{visible(record.name, FIELD)}:", _message(record, self._redact)]
        parts += [f" {name}={_quoted(value)}" for name, value in _fields(record, self._redact).items()]
        lines = [" ".join(parts), *(f"  | {visible(line, MESSAGE)}" for line in _trace(record, self._redact))]
        return "\n".join(lines)


class Json(logging.Formatter):
    """One object a line: time, level, logger, message, the bound fields, and `traceback` where there is one."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON in ASCII, without secrets."""
        tree: dict[str, object] = dict(_fields(record, self._redact))
        tree |= {"time": _time(record), "level": record.levelname.lower(), "logger": visible(record.name, FIELD)}
        tree["message"] = _message(record, self._redact)
        if lines := _trace(record, self._redact):
            tree["traceback"] = "\n".join(lines)
        first = ("time", "level", "logger", "message")
        return json.dumps({name: tree[name] for name in first} | tree)


def setup(config: Config, stream: TextIO) -> Redactor:
    """Sends all logs of this process to `stream` in the form the configuration wants; what hides its secrets.

    Also what ends a thread, or the program, unforeseen becomes a record. Calling it again replaces what it set up.
    """
    from monitor.config.hidden import hidden  # late: --help needs no settings

    redact = Redactor(hidden(config))
    handler = _Handler(stream)
    handler.setFormatter(Json(redact) if config.daemon.log == "json" else Text(redact))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(config.daemon.log_level.upper())
    for name, level in NOISY.items():
        logging.getLogger(name).setLevel(max(level, root.level))
    logging.captureWarnings(True)
    sys.excepthook = _fell
    threading.excepthook = _thread_fell
    return redact


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, to be found again."""

    def handleError(self, record: logging.LogRecord) -> None:
        """A record that cannot be written (a closed pipe, a full disk) must not end the work it tells of."""


def _fell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        log.info("interrupted")
        return
    log.critical("the program has a fault and ends: %s", kind.__name__, exc_info=(kind, error, trace))


def _thread_fell(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is None or issubclass(arguments.exc_type, SystemExit):
        return
    name = arguments.thread.name if arguments.thread else "?"
    found = (arguments.exc_type, arguments.exc_value, arguments.exc_traceback)
    log.critical("a thread ended by a fault of the program: %s", name, exc_info=found)


# --- what a record says ---------------------------------------------------------------------------


def visible(text: str, most: int) -> str:
    """The text on one line: what is not printable as `\\x1b`, `\\n` …, and no more than `most` characters of it."""
    cut = text[: most + 1]
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in cut)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(record.msecs):03d}Z"


def _message(record: logging.LogRecord, redact: Redactor) -> str:
    try:
        text = record.getMessage()
    except (TypeError, ValueError):  # a wrong format string somewhere must not hide what was to be said
        text = f"{record.msg} {record.args!r}"
    return visible(redact(text), MESSAGE)


def _fields(record: logging.LogRecord, redact: Redactor) -> Mapping[str, str | int | float | bool | None]:
    """What was bound to the record, as values of JSON."""
    own = {name: value for name, value in vars(record).items() if name not in KNOWN and not name.startswith("_")}
    bound = [*({**_AT.get({}), **own}).items()][:FIELDS]
    return {visible(name, FIELD): _value(value, redact) for name, value in bound}


def _value(value: object, redact: Redactor) -> str | int | float | bool | None:
    if value is None or isinstance(value, bool | int | float):
        return value
    text = value.isoformat() if isinstance(value, date) else str(value)
    return visible(redact(text), FIELD)


def _quoted(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or set(text) & set(' "=') else text


def _trace(record: logging.LogRecord, redact: Redactor) -> list[str]:
    text = record.exc_text or ""
    if record.exc_info and record.exc_info[1] is not None:
        text = "".join(traceback.format_exception(record.exc_info[1]))
    if record.stack_info:
        text = f"{text}\n{record.stack_info}"
    text = redact(text.rstrip())
    return ("…" + text[-TRACE:] if len(text) > TRACE else text).split("\n") if text else []
