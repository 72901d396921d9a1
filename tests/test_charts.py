"""Pictures in alerts: drawn elsewhere, true to the message, harmless, and never why a message is late or lost."""

from __future__ import annotations

import json
import logging
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitor.config import MailSettings, SlackSettings, load
from monitor.core.errors import DeliveryError
from monitor.notify import painter as painting
from monitor.notify.channels import build
from monitor.notify.chart import ALT, alt_text, chart_of, gaps
from monitor.notify.drawing import LARGEST
from monitor.notify.handing import asking
from monitor.notify.letter import letter
from monitor.notify.mail import MailChannel
from monitor.notify.message import Form, HistoryPoint, Message
from monitor.notify.painter import Painter
from monitor.notify.probing import probe
from monitor.notify.sample import sample
from monitor.notify.slack import SlackChannel
from monitor.notify.wire import from_json, to_json
from tests.notify import samples
from tests.notify.conftest import mailbox
from tests.notify.loopback import KEY, Mailbox, mail_settings
from tests.notify.test_mail import Tags
from tests.reliability.serving import Fault, serving
from tests.reliability.slack import ONE_BYTE_A_SECOND, Slack, limited, refused
from tests.reliability.visible import Ledger

__all__ = ["mailbox"]
PNG = b"\x89PNG\r\n\x1a\n"
PATIENCE = 120.0  # seconds a picture may take on a machine that does much else


@pytest.fixture(scope="module")
def painter() -> Painter:
    """One for all tests: the fonts are looked at once."""
    return Painter(seconds=PATIENCE)


def counted(*amounts: int | None) -> Message:
    """A message whose past has these counts, a month apart."""
    days = [date(2026, 1, 31) + timedelta(days=30 * n) for n in range(len(amounts))]
    points = (HistoryPoint(d, None if a is None else Decimal(a)) for d, a in zip(days, amounts, strict=True))
    return replace(samples.full(), history=tuple(points))


def painted(painter: Painter, message: Message) -> bytes:
    chart = chart_of(message)
    assert chart is not None
    picture = painter.paint(chart)
    assert picture is not None
    return picture


# --- what it shows --------------------------------------------------------------------------------


def test_the_words_say_what_the_picture_shows() -> None:
    assert alt_text(samples.full()) == (
        "Line chart: shares of Alibaba Group Holding Ltd ADR held by ARK funds, split-adjusted, 2021-01-04 to "
        "2025-09-22. First 180,000, peak 180,000 (2021-01-04), last 99,090 (2025-09-22). "
        "No files 2024-06-03 to 2025-09-15."
    )
    many = counted(*[5, None] * 6, 7)
    assert alt_text(many).endswith("2026-05-31 to 2026-06-30 and 3 gaps more.")
    assert list(gaps(counted(1, None, None, 2).history)) == [(date(2026, 1, 31), date(2026, 4, 1))]
    assert list(gaps(counted(1, 2, None).history)) == [(date(2026, 3, 2), date(2026, 4, 1))]


@pytest.mark.parametrize("message", [samples.empty(), samples.operator(), samples.summary(), counted(0, 0, None)])
def test_where_nothing_can_be_drawn_there_is_no_chart(message: Message) -> None:
    assert chart_of(message) is None


def test_a_stored_message_has_the_same_picture(painter: Painter) -> None:
    first = painted(painter, samples.full())
    assert painted(Painter(seconds=PATIENCE), from_json(to_json(samples.full()))) == first
    assert painted(painter, replace(samples.full(), form=Form.CORRECTION, revision=3, repeated=True)) == first
    width, height = struct.unpack(">II", first[16:24])
    assert (width, height) == (1200, 540)


PASTS = {
    "split": counted(10, 0, None, 5, None),
    "gap first": counted(None, None, 4, 4),
    "short": counted(5, 0, -3_000, -2_500, 0),
    "one day": replace(counted(1, 2), history=tuple(replace(p, day=date(2026, 1, 1)) for p in counted(1, 2).history)),
    "huge": counted(0, 10**15, 3),
    "alone": counted(None, 7, None),
}


@pytest.mark.parametrize("message", PASTS.values(), ids=PASTS)
def test_every_past_can_be_drawn(painter: Painter, message: Message) -> None:
    assert painted(painter, message).startswith(PNG)
    assert alt_text(message)


@pytest.mark.parametrize("text", samples.HOSTILE.values(), ids=samples.HOSTILE)
def test_no_name_harms_the_picture_or_its_words(painter: Painter, text: str) -> None:
    message = samples.hostile(text)
    assert len(painted(painter, message)) < LARGEST
    assert len(alt_text(message)) <= ALT
    assert alt_text(message).isprintable()
    tags = Tags()
    tags.feed(letter(message, "cid:x@y"))
    assert [tag for tag, _ in tags.seen].count("img") == 1
    (shown,) = [attrs for tag, attrs in tags.seen if tag == "img"]
    assert (shown["src"], shown["alt"]) == ("cid:x@y", alt_text(message))
    assert not [name for _, attrs in tags.seen for name in attrs if name.startswith("on")]


def test_mathematics_in_a_name_is_only_a_name(painter: Painter) -> None:
    odd = replace(samples.BABA, name=r"$\frac{1}{0}$ \bad{ $", ticker="$x^$")
    assert painted(painter, replace(samples.full(), security=odd)).startswith(PNG)


# --- the program that draws -----------------------------------------------------------------------


def test_who_sends_does_not_load_the_library() -> None:
    code = (
        "import sys; from monitor.notify.painter import Painter; from monitor.notify.mail import MailChannel;"
        "from monitor.notify.sample import HISTORY; from monitor.notify.chart import Chart;"
        "assert Painter(seconds=60).paint(Chart(('x',), 'y', 'shares', HISTORY));"
        "assert 'matplotlib' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


PROGRAMS = {
    "fails": ("raise SystemExit(9)", "drawing failed (9)"),
    "says": ("import sys; sys.stderr.write('Traceback\\nOops: no'); sys.exit(1)", "drawing failed (1) Oops: no"),
    "hangs": ("import time; time.sleep(60)", "not drawn within 1 seconds"),
    "lies": ("print('no picture')", "drawing failed (0)"),
    "floods": ("import sys; sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(200_000))", "drawing failed (0)"),
    "eats": ("import resource as r; r.setrlimit(r.RLIMIT_AS, (1 << 28,) * 2); bytes(1 << 30)", "MemoryError"),
    "lacks": ("import sys; sys.exit(3)", "matplotlib is not installed"),
}


@pytest.mark.parametrize(("program", "words"), PROGRAMS.values(), ids=PROGRAMS)
def test_without_a_picture_the_reason_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, program: str, words: str
) -> None:
    (tmp_path / "draw.py").write_text(program, "utf-8")
    failing = Painter(tmp_path / "draw.py", seconds=1.0 if "1 seconds" in words else PATIENCE)
    chart = chart_of(samples.full())
    assert chart is not None
    with caplog.at_level(logging.WARNING):
        assert failing.paint(chart) is failing.paint(chart) is None
    assert [words in record.getMessage() for record in caplog.records] == [True]


def test_after_three_failures_nothing_is_tried(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "draw.py").write_text(f"open({str(tmp_path / 'runs')!r}, 'a').write('x'); raise SystemExit(9)", "utf-8")
    failing, chart = Painter(tmp_path / "draw.py", seconds=PATIENCE), chart_of(samples.full())
    assert chart is not None
    assert [failing.paint(chart) for _ in range(6)] == [None] * 6
    assert (tmp_path / "runs").read_text() == "xxx"
    assert "no more pictures are tried" in caplog.text


def test_where_the_library_is_missing_no_program_is_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "draw.py").write_text(f"open({str(tmp_path / 'runs')!r}, 'a').write('x')", "utf-8")
    chart = chart_of(samples.full())
    assert chart is not None
    assert Painter(tmp_path / "draw.py", seconds=PATIENCE).paint(chart) is None
    assert not (tmp_path / "runs").exists()
    assert not painting.is_installed()


def test_one_chart_is_drawn_once_for_all_channels(tmp_path: Path) -> None:
    program = f"import sys; open({str(tmp_path / 'runs')!r}, 'a').write('x'); sys.stdout.buffer.write({PNG!r})"
    (tmp_path / "draw.py").write_text(program, "utf-8")
    counting, chart = Painter(tmp_path / "draw.py", seconds=PATIENCE), chart_of(samples.full())
    assert chart is not None
    threads = [threading.Thread(target=counting.paint, args=(chart,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counting.paint(chart) == PNG
    assert (tmp_path / "runs").read_text() == "x"


def test_the_program_inherits_no_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    (tmp_path / "draw.py").write_text(
        f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(repr(dict(os.environ)))", "utf-8"
    )
    chart = chart_of(samples.full())
    assert chart is not None
    Painter(tmp_path / "draw.py", seconds=PATIENCE).paint(chart)
    assert "xoxb" not in (tmp_path / "seen").read_text()


def test_the_channels_of_a_program_share_one_painter(tmp_path: Path) -> None:
    text = (
        '[channels.a]\ntype = "mail"\nhost = "h"\nfrom = "a@b.example"\nto = ["c@d.example"]\n'
        '[channels.b]\ntype = "slack"\nchannel = "C1"\ntoken = "x"\ncharts = true\n'
        '[channels.c]\ntype = "mail"\nhost = "h"\nfrom = "a@b.example"\nto = ["c@d.example"]\ncharts = false\n'
    )
    (tmp_path / "monitor.toml").write_text(text, "utf-8")
    made = build(load(tmp_path / "monitor.toml", {}), out=sys.stdout)
    a, b, c = made["a"], made["b"], made["c"]
    assert isinstance(a, MailChannel)
    assert isinstance(b, SlackChannel)
    assert isinstance(c, MailChannel)
    assert a.painter is not None
    assert a.painter is b.painter
    assert c.painter is None


# --- e-mail ---------------------------------------------------------------------------------------


def pictured(port: int, painter: Painter, **more: object) -> MailChannel:
    return MailChannel("m", mail_settings(port, charts=True, **more), painter=painter)


def kinds(mail: EmailMessage) -> list[str]:
    return [part.get_content_type() for part in mail.walk()]


def test_a_mail_shows_its_picture_inside(mailbox: tuple[Mailbox, int], painter: Painter) -> None:
    box, port = mailbox
    plain = MailChannel("m", mail_settings(port)).send(samples.full(), key=KEY, thread=None)
    assert pictured(port, painter).send(samples.full(), key=KEY, thread=None) == plain
    without, mail = box.mails
    inside = ["multipart/related", "text/html", "image/png"]
    assert kinds(mail) == ["multipart/alternative", "text/plain", *inside]
    assert kinds(without) == ["multipart/alternative", "text/plain", "text/html"]
    assert mail["Message-ID"] == without["Message-ID"]
    texts = [one.get_body(("plain",)) for one in (mail, without)]
    assert texts[0] is not None
    assert texts[1] is not None
    assert texts[0].get_content() == texts[1].get_content()
    related = list(mail.walk())[2]
    assert related.get_param("type") == "text/html"
    picture = list(mail.walk())[4]
    assert picture.get_payload(decode=True) == painted(painter, samples.full())
    assert picture.get_content_disposition() == "inline"
    html = str(list(mail.walk())[3].get_content())
    assert f'src="cid:{str(picture["Content-ID"])[1:-1]}"' in html
    assert f'alt="{alt_text(samples.full())}"' in html
    assert len(bytes(mail)) < LARGEST


@pytest.mark.parametrize("message", [samples.empty(), samples.operator(), samples.summary()])
def test_a_mail_without_a_past_has_no_picture(mailbox: tuple[Mailbox, int], painter: Painter, message: Message) -> None:
    box, port = mailbox
    pictured(port, painter).send(message, key=KEY, thread=None)
    assert "image/png" not in kinds(box.mails[0])


def test_a_mail_is_not_lost_with_its_picture(mailbox: tuple[Mailbox, int], tmp_path: Path) -> None:
    (tmp_path / "draw.py").write_text("import time; time.sleep(60)", "utf-8")
    box, port = mailbox
    pictured(port, Painter(tmp_path / "draw.py", seconds=0.3)).send(samples.full(), key=KEY, thread=None)
    assert kinds(box.mails[0]) == ["multipart/alternative", "text/plain", "text/html"]


def test_drawing_has_its_own_share_of_the_time_for_an_answer() -> None:
    settings = {"type": "mail", "host": "h", "from": "a@b.example", "to": "c@d.example", "timeout": 5}
    assert MailChannel("m", MailSettings.model_validate(settings)).patience == 15 + painting.SECONDS
    assert MailChannel("m", MailSettings.model_validate(settings | {"charts": False})).patience == 15


# --- Slack ----------------------------------------------------------------------------------------


@pytest.fixture
def slack() -> Iterator[Slack]:
    with serving(Slack(Ledger())) as made:
        yield made


def channel(slack: Slack, painter: Painter, waits: list[float] | None = None, **more: object) -> SlackChannel:
    plain = {"type": "slack", "channel": "C1", "token": SecretStr("xoxb-secret"), "base_url": slack.api, "timeout": 30}
    settings = SlackSettings.model_validate({**plain, "charts": True, **more})
    return SlackChannel("s", settings, painter=painter, rest=(waits if waits is not None else []).append)


def images(slack: Slack, at: int = -1) -> list[dict[str, object]]:
    return [block for block in slack.posts[at].blocks if block["type"] == "image"]


def asked(slack: Slack) -> list[str]:
    return [call.method for call in slack.calls]


UPLOAD = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]


def test_slack_shows_the_picture_in_the_one_message(slack: Slack, painter: Painter) -> None:
    channel(slack, painter).send(samples.full(), key=KEY, thread=None)
    (file,) = slack.files.values()
    assert images(slack) == [{"type": "image", "slack_file": {"id": file.id}, "alt_text": alt_text(samples.full())}]
    assert (file.body, file.alt) == (painted(painter, samples.full()), alt_text(samples.full()))
    assert not file.shared
    assert asked(slack) == [*UPLOAD, "chat.postMessage"]
    assert len(slack.posts) == 1


def test_slack_is_asked_for_nothing_unless_told_so(slack: Slack) -> None:
    plain = {"type": "slack", "channel": "C1", "token": SecretStr("x"), "base_url": slack.api}
    SlackChannel("s", SlackSettings.model_validate(plain)).send(samples.full(), key=KEY, thread=None)
    assert asked(slack) == ["chat.postMessage"]


def test_a_correction_shows_its_picture_in_both_messages(slack: Slack, painter: Painter) -> None:
    ours = channel(slack, painter)
    receipt = ours.send(samples.full(), key=KEY, thread=None)
    later = replace(samples.full(2), form=Form.CORRECTION, history=counted(1, 2, 3).history)
    ours.send(later, key="I:2:s", thread=receipt.reference)
    assert asked(slack)[4:] == [*UPLOAD, "chat.update", "chat.postMessage"]
    assert images(slack, 0) == images(slack, 1)
    assert len(slack.posts) == len(slack.files) == 2
    ours.send(replace(later, form=Form.WITHDRAWN), key="I:3:s", thread=receipt.reference)
    assert asked(slack)[9:] == ["chat.update", "chat.postMessage"]  # the same picture is not sent again
    assert images(slack, 0) == images(slack, 2)


@pytest.mark.parametrize(
    ("looks", "waits", "shown"), [(0, [], 1), (1, [1.0], 1), (2, [1.0, 2.0], 1), (9, [1.0, 2.0, 0.0], 0)]
)
def test_a_file_slack_still_looks_at_is_waited_for_but_not_long(
    slack: Slack, painter: Painter, looks: int, waits: list[float], shown: int
) -> None:
    rested: list[float] = []
    slack.looks = looks
    channel(slack, painter, rested).send(samples.full(), key=KEY, thread=None)
    assert (rested, len(images(slack)), len(slack.posts)) == (waits, shown, 1)


def test_files_slack_never_shows_are_given_up(slack: Slack, painter: Painter) -> None:
    rested: list[float] = []
    slack.looks = 99
    ours = channel(slack, painter, rested)
    for number in range(7):
        ours.send(samples.full(), key=f"I{number}:1:s", thread=None)
    assert (len(slack.posts), len(slack.files), len(rested)) == (7, 5, 15)


def test_a_missing_scope_is_remembered_and_said_once(
    slack: Slack, painter: Painter, caplog: pytest.LogCaptureFixture
) -> None:
    slack.scopes = "chat:write"
    ours = channel(slack, painter)
    for number in range(3):
        ours.send(samples.full(), key=f"I{number}:1:s", thread=None)
    assert asked(slack) == ["files.getUploadURLExternal", *["chat.postMessage"] * 3]
    assert [record.getMessage() for record in caplog.records] == [
        "messages to s go without a picture: missing_scope (the app lacks the scope files:write)"
    ]


def test_a_pause_that_slack_asks_for_is_kept(slack: Slack, painter: Painter) -> None:
    slack.scripts["files.getUploadURLExternal"].then(limited("30"))
    ours = channel(slack, painter)
    for number in range(2):
        ours.send(samples.full(), key=f"I{number}:1:s", thread=None)
    assert asked(slack) == ["files.getUploadURLExternal", *["chat.postMessage"] * 2]


TROUBLES = {
    "refused": ("files.getUploadURLExternal", refused("internal_error")),
    "broken": ("files.getUploadURLExternal", Fault(500, body=b"oops")),
    "dropped": ("files.getUploadURLExternal", Fault(drop=True)),
    "rubbish": ("files.getUploadURLExternal", Fault(body=b"<html>")),
    "named": (
        "files.getUploadURLExternal",
        Fault(body=b'{"ok":true,"upload_url":"http://127.0.0.1/x","file_id":"<x>"}'),
    ),
    "untaken": ("upload", Fault(413)),
    "redirected": ("upload", Fault(302, headers=(("Location", "http://169.254.169.254/"),))),
    "lost": ("upload", Fault(drop=True)),
    "unfinished": ("files.completeUploadExternal", refused("file_not_found")),
}


@pytest.mark.parametrize(("method", "fault"), TROUBLES.values(), ids=TROUBLES)
def test_whatever_becomes_of_the_upload_the_message_goes(
    slack: Slack, painter: Painter, method: str, fault: Fault
) -> None:
    slack.scripts[method].then(fault)
    channel(slack, painter).send(samples.full(), key=KEY, thread=None)
    assert (len(slack.posts), images(slack)) == (1, [])
    channel(slack, painter).send(samples.full(), key="other", thread=None)
    assert len(images(slack)) == 1


def test_an_upload_that_trickles_is_not_waited_for(slack: Slack, painter: Painter) -> None:
    slack.scripts["files.getUploadURLExternal"].then(ONE_BYTE_A_SECOND)
    ours = channel(slack, painter)
    ours._files._seconds = 0.3
    ours.send(samples.full(), key=KEY, thread=None)
    assert (len(slack.posts), images(slack)) == (1, [])


@pytest.mark.parametrize(
    "place", ["http://198.51.100.7", "http://169.254.169.254", "ftp://127.0.0.1", "https://slack.com.evil.example"]
)
def test_pictures_go_nowhere_else(slack: Slack, painter: Painter, place: str) -> None:
    slack.upload_to = place
    channel(slack, painter).send(samples.full(), key=KEY, thread=None)
    assert asked(slack) == ["files.getUploadURLExternal", "chat.postMessage"]


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://files.slack.com/upload/v1/x", True),
        ("https://slack.com/x", True),
        ("http://files.slack.com/upload/v1/x", False),
        ("https://files.slack.com.evil.example/x", False),
        ("https://evilslack.com/x", False),
        ("https://files.slack.com@evil.example/x", False),
        ("http://127.0.0.1/x", False),
        ("https://[::1/", False),
    ],
)
def test_real_slack_names_only_its_own_places(url: str, ours: bool) -> None:
    real = SlackChannel("s", SlackSettings(type="slack", channel="C1", token=SecretStr("x")))
    assert real._files._is_slack(url) is ours


def test_an_attempt_that_is_over_uploads_nothing(slack: Slack, painter: Painter) -> None:
    def no() -> None:
        raise DeliveryError("too late", permanent=False)

    with asking(no), pytest.raises(DeliveryError, match="too late"):
        channel(slack, painter).send(samples.full(), key=KEY, thread=None)
    assert slack.calls == []


@pytest.mark.parametrize("thread", [None, "C1/1.5"])
def test_an_attempt_that_ends_while_slack_looks_posts_nothing(
    slack: Slack, painter: Painter, thread: str | None
) -> None:
    over = threading.Event()

    def unless_over() -> None:
        if over.is_set():
            raise DeliveryError("too late", permanent=False)

    slack.looks = 1
    ours = channel(slack, painter)
    ours._rest = lambda _: over.set()
    with asking(unless_over), pytest.raises(DeliveryError, match=r"^too late$"):
        ours.send(samples.full(2), key=KEY, thread=thread)
    assert slack.posts == []


def test_other_refusals_mean_what_they_meant(slack: Slack, painter: Painter) -> None:
    slack.scripts["chat.postMessage"].then(refused("channel_not_found"))
    with pytest.raises(DeliveryError, match="channel_not_found") as caught:
        channel(slack, painter).send(samples.full(), key=KEY, thread=None)
    assert caught.value.permanent
    assert asked(slack) == [*UPLOAD, "chat.postMessage"]


@pytest.mark.parametrize("text", samples.HOSTILE.values(), ids=samples.HOSTILE)
def test_the_words_of_the_picture_call_nobody(slack: Slack, painter: Painter, text: str) -> None:
    channel(slack, painter).send(samples.hostile(text), key=KEY, thread=None)
    (image,) = images(slack)
    words = str(image["alt_text"])
    assert 0 < len(words) <= ALT
    assert not re.search(r"[<>]", words)
    assert json.dumps(image)


@pytest.mark.parametrize(("scopes", "well"), [("chat:write,files:write", True), ("chat:write,files:read", None)])
def test_doctor_says_whether_pictures_may_be_uploaded(slack: Slack, scopes: str, well: bool | None) -> None:
    slack.scopes = scopes
    plain = {"type": "slack", "channel": "C1", "token": SecretStr("x"), "base_url": slack.api}
    answers = {one.asked: one for one in probe(SlackSettings.model_validate({**plain, "charts": True}))}
    assert answers["charts"].well is well
    assert "files:write" in answers["charts"].text or well
    assert "charts" not in {one.asked for one in probe(SlackSettings.model_validate(plain))}


def test_the_test_alert_has_a_picture_too(painter: Painter) -> None:
    assert painted(painter, sample(samples.NOW)).startswith(PNG)
