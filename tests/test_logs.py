"""Logs: a record is a line, in text or JSON; nothing in it can forge another, and no secret is left."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitor import logs
from monitor.config import Config, MailSettings, load
from monitor.config.hidden import hidden, masked
from monitor.logs import Guarded, Redactor

TOKEN, HOOK = "xoxb-1234-Ab+c/d=", "https://hooks.example/services/T0AA/B0BB/s3cretPart99"
TEXT = f"""
database = "postgresql://monitor:p%40ss-word@127.0.0.1/holdings"
[issuers.ark]
base_url = "https://mirror.example/?sig=mirr0r-sig"
[issuers.ark.urls]
ARKK = "https://elsewhere.example/ARKK.csv?token=query-t0ken&fund=ARKK"
[channels.slack]
type = "slack"
channel = "C1"
token = "{TOKEN}"
[channels.hook]
type = "webhook"
url = "{HOOK}"
secret = "whsec_c2lnbmluZw=="
[channels.phone]
type = "apprise"
url = "tgram://123456789:AAbbCCdd/987654"
[channels.mail]
type = "mail"
host = "localhost"
user = "monitor"
password = "mail-pass"
from = "m@example.org"
to = "d@example.org"
[heartbeat]
url = "https://ping.example/0f0f-beat-1234"
[web]
token = "web-t0ken"
[daemon]
"""


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], (sys.excepthook, threading.excepthook) = handlers, hooks
    root.setLevel(level)
    logging.captureWarnings(False)


def config(tmp_path: Path, form: str, level: str = "debug") -> Config:
    file = tmp_path / "monitor.toml"
    file.write_text(f'{TEXT}log = "{form}"\nlog_level = "{level}"\n', encoding="utf-8")
    return load(file, {})


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


def objects(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_is_one_json_object_with_its_bound_fields(tmp_path: Path, out: io.StringIO) -> None:
    logs.setup(config(tmp_path, "json"), out)
    with logs.within(issuer="ark"), logs.within(fund="ARKK"):
        logging.getLogger("monitor.test").info("fetched %d lines", 42, extra={"as_of": date(2026, 11, 20), "tick": 3})
    (found,) = objects(out)
    assert list(found)[:4] == ["time", "level", "logger", "message"]
    assert found["time"].endswith("Z")
    assert (found["level"], found["logger"], found["message"]) == ("info", "monitor.test", "fetched 42 lines")
    assert (found["issuer"], found["fund"], found["as_of"], found["tick"]) == ("ark", "ARKK", "2026-11-20", 3)


def test_a_record_is_one_line_of_text(tmp_path: Path, out: io.StringIO) -> None:
    logs.setup(config(tmp_path, "text"), out)
    logging.getLogger("monitor.test").warning("late", extra={"fund": "ARKK", "why": "two words"})
    assert out.getvalue().endswith('WARNING monitor.test: late  fund=ARKK  why="two words"\n')


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_text_forges_no_line(tmp_path: Path, out: io.StringIO, form: str) -> None:
    logs.setup(config(tmp_path, form), out)
    hostile = "name\n2026-11-20T00:00:00.000Z INFO monitor: all is well\r\x1b[2J\x85\u2028\u202e"
    log = logging.getLogger("monitor.test")
    log.info("a fund %s", hostile, extra={"fund": hostile, "key\nx": "y"})
    try:
        raise ValueError(hostile)
    except ValueError:
        log.exception("failed")
    lines = out.getvalue().splitlines()
    own = [line for line in lines if not line.startswith("  | ")]
    assert len(own) == 2
    assert not any(char in out.getvalue() for char in "\r\x1b\x85\u2028\u202e")
    assert not any(line.startswith("2026-11-20T00:00:00.000Z") for line in lines)


def test_what_is_endless_is_cut(tmp_path: Path, out: io.StringIO) -> None:
    logs.setup(config(tmp_path, "json"), out)
    fields = {f"field{number}": "x" * 10_000 for number in range(100)}
    logging.getLogger("monitor.test").info("y" * 1_000_000, extra=fields)
    assert len(out.getvalue()) < 8_000
    assert len(objects(out)[0]["message"]) == logs.MESSAGE


def test_a_wrong_format_still_says_something() -> None:
    record = logging.LogRecord("monitor.test", logging.INFO, "", 0, "%d files", ("many",), None)
    assert "%d files ('many',)" in logs.Text(Redactor()).format(record)


SECRETS = {
    "a token": TOKEN,
    "a token in JSON": f"{{'token': {json.dumps(TOKEN)}}}",
    "a token in an address": "https://h/?t=xoxb-1234-Ab%2Bc%2Fd%3D",
    "a webhook": f"POST {HOOK}",
    "a webhook's path, as urllib3 logs it": '"POST /services/T0AA/B0BB/s3cretPart99 HTTP/1.1" 500 0',
    "a webhook's last piece": "bad piece s3cretPart99",
    "a signing secret": "key whsec_c2lnbmluZw==",
    "a signing secret without its prefix": "key c2lnbmluZw==",
    "an Apprise address": "cannot load tgram://123456789:AAbbCCdd/987654",
    "its piece": "telegram said no to AAbbCCdd",
    "a mail password": "AUTH mail-pass",
    "a mail password as it is sent": "AUTH PLAIN AG1vbml0b3IAbWFpbC1wYXNz",
    "the database's password": "could not connect: p@ss-word",
    "the database's password as written": "postgresql://monitor:p%40ss-word@127.0.0.1",
    "the heartbeat": "/0f0f-beat-1234 timed out",
    "the token of the page": "Authorization: Bearer web-t0ken",
    "a mirror's signature": "GET /?sig=mirr0r-sig",
    "a query": "GET /ARKK.csv?token=query-t0ken&fund=ARKK",
}
BARE = (
    "xoxb-1234", "s3cretPart99", "c2lnbmluZw", "AAbbCCdd", "123456789", "mail-pass", "ss-word", "0f0f-beat",
    "web-t0ken", "mirr0r-sig", "query-t0ken", "AG1vbml0b3IAbWFpbC1wYXNz",
)  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("said", SECRETS.values(), ids=SECRETS.keys())
def test_no_secret_is_left_wherever_it_stands(tmp_path: Path, out: io.StringIO, form: str, said: str) -> None:
    logs.setup(config(tmp_path, form), out)
    log = logging.getLogger("urllib3.connectionpool")
    log.debug(said)
    log.debug("%s", said, extra={"where": said})
    try:
        raise RuntimeError(said)
    except RuntimeError:
        log.exception("failed")
    assert logs.STARS in out.getvalue()
    assert not [secret for secret in BARE if secret in out.getvalue()]


def test_what_is_no_secret_stays(tmp_path: Path, out: io.StringIO) -> None:
    logs.setup(config(tmp_path, "json"), out)
    said = "ARKK: https://elsewhere.example/ARKK.csv of the issuer ark, 3 services, monitor, fund=ARKK, C1"
    logging.getLogger("monitor.test").info(said)
    assert objects(out)[0]["message"] == said


def test_faults_of_threads_and_of_the_program_are_records(tmp_path: Path, out: io.StringIO) -> None:
    logs.setup(config(tmp_path, "json"), out)
    fault = RuntimeError(f"no {TOKEN}")
    sys.excepthook(RuntimeError, fault, None)
    threading.excepthook(threading.ExceptHookArgs((RuntimeError, fault, None, None)))
    assert [one["level"] for one in objects(out)] == ["critical", "critical"]
    assert all("RuntimeError: no ***" in one["traceback"] for one in objects(out))


def test_setting_up_again_says_everything_once(tmp_path: Path, out: io.StringIO) -> None:
    logs.setup(config(tmp_path, "json"), io.StringIO())
    logs.setup(config(tmp_path, "json", "info"), out)
    logging.getLogger("monitor.test").info("once")
    logging.getLogger("monitor.test").debug("not at this level")
    assert len(objects(out)) == 1


def test_a_full_disk_does_not_stop_the_work_a_record_tells_of(tmp_path: Path) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    logs.setup(config(tmp_path, "text"), Full())
    logging.getLogger("monitor.test").info("still here")


def test_a_guarded_stream_sees_a_secret_written_in_pieces(out: io.StringIO) -> None:
    guarded = Guarded(out)
    guarded.redact.hide(["abcdef"])
    for piece in ("x abc", "def y\nhalf", " a line"):
        guarded.write(piece)
    assert out.getvalue() == "x *** y\n"
    guarded.flush()
    assert out.getvalue() == "x *** y\nhalf a line"
    assert guarded.isatty() is False


def test_longer_secrets_are_replaced_before_their_parts() -> None:
    assert Redactor(["abc", "abcdef"])("abcdef abc") == "*** ***"


def test_the_longest_come_first_and_the_shortest_are_left_out(tmp_path: Path) -> None:
    found = hidden(config(tmp_path, "text"))
    assert [len(text) for text in found] == sorted((len(text) for text in found), reverse=True)
    assert all(len(text) >= 4 for text in found)


def test_what_a_thread_is_at_is_bound_to_the_records_of_libraries_too(tmp_path: Path, out: io.StringIO) -> None:
    logs.setup(config(tmp_path, "json"), out)
    with logs.within(tick="watch"), logs.within(issuer="ark"):
        logging.getLogger("urllib3").debug("asked", extra={"issuer": "spdr"})
    logging.getLogger("urllib3").debug("asked")
    first, second = objects(out)
    assert (first["tick"], first["issuer"]) == ("watch", "spdr")
    assert "tick" not in second


def test_what_a_server_repeats_is_masked() -> None:
    settings = MailSettings.model_validate(
        {"type": "mail", "host": "h", "user": "u", "password": "mail-pass", "from": "a@b", "to": ["c@d"]}
    )
    assert masked(settings, "535 no: mail-pass AHUAbWFpbC1wYXNz") == "535 no: *** ***"
