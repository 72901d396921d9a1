"""E-mail before a real server on this machine: whole, threaded, and right about what a failure means."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from monitor.core.errors import DeliveryError
from monitor.notify.mail import MailChannel
from tests.notify import samples
from tests.notify.loopback import KEY, Mailbox, mail_settings
from tests.ports import free_port


def test_a_mail_is_whole(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    channel = MailChannel("m", mail_settings(port))
    first = channel.send(samples.full(), key=KEY, thread=None)
    again = channel.send(samples.full(2), key="other", thread=first.reference)
    mail, reply = box.mails
    assert mail["Subject"] == "Two ARK funds reopen Alibaba, first seen since 2021"
    assert mail["Message-ID"] == first.reference
    assert first.reference.endswith("@fund.example>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == samples.NOW
    assert [a.addr_spec for a in mail["To"].addresses] == ["desk@fund.example", "b@fund.example"]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert reply["References"] == reply["In-Reply-To"] == first.reference != again.reference


def test_no_name_can_add_a_header(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    key = "k\r\nBcc: victim@example.org"
    MailChannel("m", mail_settings(port)).send(
        samples.hostile(samples.HOSTILE["header"]), key=key, thread="<a>\r\nX-Evil: 1"
    )
    assert box.mails[0]["Bcc"] is None
    assert box.mails[0]["X-Evil"] is None
    assert len(box.mails[0]["To"].addresses) == 2


class Tags(HTMLParser):
    """Every tag and attribute in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.mark.parametrize("text", samples.HOSTILE.values(), ids=samples.HOSTILE)
def test_the_letter_has_no_foreign_markup_and_nothing_remote(mailbox: tuple[Mailbox, int], text: str) -> None:
    box, port = mailbox
    MailChannel("m", mail_settings(port)).send(samples.hostile(text), key=KEY, thread=None)
    body = box.mails[0].get_body(("html",))
    assert body is not None
    tags = Tags()
    tags.feed(str(body.get_content()))
    assert {tag for tag, _ in tags.seen}.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base"})
    assert not [name for _, attrs in tags.seen for name in attrs if name.startswith("on") or name == "src"]
    assert [attrs["href"] for tag, attrs in tags.seen if tag == "a"] == ["https://page.example/x?y=<z>|w"]


class Refusing:
    """Answers one command with one line."""

    def __init__(self, **answers: str) -> None:
        for command, answer in answers.items():
            setattr(self, f"handle_{command}", self._answering(answer))

    def _answering(self, answer: str) -> object:
        async def handle(*_: object) -> str:
            return answer

        return handle


@pytest.mark.parametrize(
    ("answers", "permanent"),
    [
        ({"DATA": "451 try later"}, False),
        ({"DATA": "554 no thank you"}, True),
        ({"MAIL": "421 too busy"}, False),
        ({"MAIL": "550 who are you"}, True),
        ({"RCPT": "450 mailbox busy"}, False),
        ({"RCPT": "550 no such mailbox"}, True),
    ],
)
def test_the_server_says_whether_retrying_helps(answers: dict[str, str], permanent: bool) -> None:
    server = Controller(Refusing(**answers), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        with pytest.raises(DeliveryError) as caught:
            MailChannel("m", mail_settings(server.port)).send(samples.full(), key=KEY, thread=None)
    finally:
        server.stop()
    assert (caught.value.permanent, caught.value.ambiguous) == (permanent, False)


def test_no_server_is_temporary_and_certainly_not_sent() -> None:
    with pytest.raises(DeliveryError) as caught:
        MailChannel("m", mail_settings(free_port())).send(samples.full(), key=KEY, thread=None)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, False)


def test_a_server_without_starttls_is_not_given_the_message(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    with pytest.raises(DeliveryError) as caught:
        MailChannel("m", mail_settings(port, security="starttls")).send(samples.full(), key=KEY, thread=None)
    assert caught.value.permanent
    assert box.mails == []


def test_starttls_with_login(tmp_path: Path) -> None:
    trustme = pytest.importorskip("trustme")
    from aiosmtpd.smtp import AuthResult

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    box = Mailbox()

    def check(server: object, session: object, envelope: object, mechanism: object, auth: object) -> AuthResult:
        good = getattr(auth, "password", b"") == b"right"
        return AuthResult(success=good, handled=good)

    port = free_port()
    server = Controller(
        box, hostname="127.0.0.1", port=port, tls_context=context, authenticator=check, auth_required=True
    )
    server.start()
    login: dict[str, object] = {"security": "starttls", "user": "u", "ca_file": tmp_path / "ca.pem"}
    try:
        MailChannel("m", mail_settings(port, **login, password="right")).send(samples.full(), key=KEY, thread=None)
        with pytest.raises(DeliveryError, match="535") as refused:
            MailChannel("m", mail_settings(port, **login, password="wrong")).send(samples.full(), key=KEY, thread=None)
        with pytest.raises(DeliveryError, match="SSLCertVerificationError") as unknown:
            MailChannel("m", mail_settings(port, security="starttls")).send(samples.full(), key=KEY, thread=None)
    finally:
        server.stop()
    assert len(box.mails) == 1
    assert refused.value.permanent
    assert not unknown.value.permanent


def test_a_thread_names_the_first_and_the_last_mail(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    earlier = [f"<{n}@fund.example>" for n in range(40)]
    MailChannel("m", mail_settings(port)).send(samples.full(3), key=KEY, thread=" ".join(earlier))
    assert box.mails[0]["In-Reply-To"] == earlier[-1]
    assert str(box.mails[0]["References"]).split() == [earlier[0], *earlier[-20:]]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({}, "<mailto:monitor@fund.example?subject=unsubscribe>"),
        ({"unsubscribe": "https://fund.example/leave"}, "<https://fund.example/leave>"),
    ],
)
def test_a_mail_says_that_it_is_a_list_and_how_to_leave(
    mailbox: tuple[Mailbox, int], more: dict[str, object], wanted: str
) -> None:
    box, port = mailbox
    MailChannel("desk", mail_settings(port, **more)).send(samples.full(), key=KEY, thread=None)
    assert box.mails[0]["List-Unsubscribe"] == wanted
    assert str(box.mails[0]["List-Id"]).endswith("<desk.holdings-monitor.fund.example>")


class PartlyRefusing(Mailbox):
    """Knows one of the two recipients."""

    async def handle_RCPT(
        self, server: object, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("b@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"


def test_who_was_refused_is_named_in_the_receipt() -> None:
    box = PartlyRefusing()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        receipt = MailChannel("m", mail_settings(server.port)).send(samples.full(), key=KEY, thread=None)
    finally:
        server.stop()
    assert receipt.note == "refused for b@fund.example (550)"
    assert len(box.mails) == 1


class Greylisting(Mailbox):
    """Asks to come again for one of the two recipients, `times` times; then answers with `finally_`."""

    def __init__(self, times: int, finally_: str = "250 ok") -> None:
        super().__init__()
        self.times, self.finally_, self.rcpts = times, finally_, list[list[str]]()

    async def handle_RCPT(
        self, server: object, session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = "250 ok"
        if address.startswith("b@"):
            self.times -= 1
            answer = "451 come again later" if self.times >= 0 else self.finally_
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: object, session: object, envelope: Envelope) -> str:
        self.rcpts.append(list(envelope.rcpt_tos))
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.parametrize(
    ("finally_", "received", "note"),
    [
        ("250 ok", [["desk@fund.example"], ["b@fund.example"]], ""),
        ("550 no such mailbox", [["desk@fund.example"]], "refused for b@fund.example (550)"),
    ],
)
def test_who_was_asked_to_come_again_gets_it_and_nobody_twice(
    finally_: str, received: list[list[str]], note: str
) -> None:
    box = Greylisting(2, finally_)
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    reached: tuple[str, ...] = ()
    try:
        channel = MailChannel("m", mail_settings(server.port))
        for _ in range(2):
            with pytest.raises(DeliveryError, match=r"refused for b@fund\.example \(451\)|every recipient") as later:
                channel.send_rest(samples.full(), key=KEY, thread=None, reached=reached)
            assert not later.value.permanent
            reached = later.value.reached
            assert reached == ("desk@fund.example",)
        assert channel.send_rest(samples.full(), key=KEY, thread=None, reached=reached).note == note
    finally:
        server.stop()
    assert box.rcpts == received
    assert {str(mail["To"]) for mail in box.mails} == {"desk@fund.example, b@fund.example"}


def scripted(lines: dict[bytes, bytes | None]) -> int:
    """The port of a server that answers each command as told, and drops the connection at `None`; 250 to the rest."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        with listener, connection, connection.makefile("rb") as commands:
            connection.sendall(b"220 ready\r\n")
            text = False
            for line in commands:
                word = line.split()[0].upper() if line.split() else b""
                if text and word != b".":
                    continue
                answer = lines.get(word, b"250 ok\r\n")
                if answer is None:
                    return
                text = answer.startswith(b"354")
                connection.sendall(answer)
                if not answer.endswith(b"\n"):
                    return

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])


@pytest.mark.parametrize(
    ("lines", "ambiguous"),
    [
        ({b"MAIL": None}, False),
        ({b"DATA": None}, False),
        ({b"DATA": b"354 go on\r\n", b".": None}, True),
        ({b"DATA": b"354 go on\r\n", b".": b"2"}, True),
        ({b"DATA": b"354 go on\r\n", b".": b"451 later\r\n"}, False),
    ],
)
def test_a_connection_lost_after_the_text_is_ambiguous_and_before_it_is_not(
    lines: dict[bytes, bytes | None], ambiguous: bool
) -> None:
    with pytest.raises(DeliveryError) as caught:
        MailChannel("m", mail_settings(scripted(lines))).send(samples.full(), key=KEY, thread=None)
    assert (caught.value.permanent, caught.value.ambiguous) == (False, ambiguous)


def test_a_server_that_trickles_is_cut_off_in_time() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            while True:
                connection.sendall(b"2")
                time.sleep(0.1)

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    channel = MailChannel("m", mail_settings(listener.getsockname()[1], timeout=1))
    with listener, pytest.raises(DeliveryError, match="timed out") as caught:
        channel.send(samples.full(), key=KEY, thread=None)
    assert not caught.value.ambiguous
    thread.join(60)
    assert not thread.is_alive()
