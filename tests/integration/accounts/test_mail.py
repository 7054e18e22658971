"""Mail: kept in practice mode, sent by SMTP otherwise, tried again when the server is away."""

import dataclasses
import email
import email.policy
import logging
import socketserver
import threading
from collections.abc import Iterator

import pytest
from flask import Flask

from market import mail, outbox
from market.accounts import jobs, operations
from market.kernel.errors import Unavailable
from tests.integration.factories import accounts as make


class Talk(socketserver.StreamRequestHandler):
    """Enough SMTP (RFC 5321) to take a message."""

    def handle(self) -> None:
        def say(line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "DATA":
                say("354 go on")
                text = b""
                while not text.endswith(b"\r\n.\r\n"):
                    text += self.rfile.readline()
                self.server.taken.append(text[:-5])  # type: ignore[attr-defined]
            say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return


@pytest.fixture
def server() -> Iterator[socketserver.ThreadingTCPServer]:
    """A mail server on a free loopback port; `server.taken` holds what it took."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as running:
        running.taken = []  # type: ignore[attr-defined]
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def use(app: Flask, monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], **changes))


def test_practice_mode_keeps_mails_to_be_read(app: Flask) -> None:
    mail.send("sun@example.org", "中文主题", "第一段\n\nhttp://localhost/link?key=abc\n")
    mail.send("other@example.org", "b", "c")
    assert [m.to for m in mail.practice_mails()] == ["other@example.org", "sun@example.org"]
    [found] = mail.practice_mails("sun@example.org")
    assert (found.subject, found.body) == ("中文主题", "第一段\n\nhttp://localhost/link?key=abc\n")
    [path, _] = sorted(mail.folder(app.extensions["settings"]).iterdir(), key=lambda p: p.stat().st_mtime_ns)
    assert path.stat().st_mode & 0o077 == 0, "nobody else on the machine reads them"


def test_neither_address_nor_text_is_logged(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    """KF-ACC-01."""
    mail.send("sun.secret@example.org", "subject", "https://x/link?key=SECRET")
    logged = "".join(capsys.readouterr())
    assert "sun.secret" not in logged
    assert "SECRET" not in logged


def test_the_console_of_production_keeps_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    use(app, monkeypatch, mode="production")
    mail.send("sun@example.org", "a", "b")
    assert list(mail.folder(app.extensions["settings"]).glob("*.eml")) == []


def test_a_line_break_adds_no_header_and_no_recipient(app: Flask) -> None:
    mail.send("sun@example.org", "hello\r\nBcc: everybody@example.org", "x")
    [path] = mail.folder(app.extensions["settings"]).glob("*.eml")
    sent = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert sent["Bcc"] is None
    assert sent["Subject"] == "hello Bcc: everybody@example.org"


def test_mail_goes_out_by_smtp(
    app: Flask, monkeypatch: pytest.MonkeyPatch, server: socketserver.ThreadingTCPServer
) -> None:
    use(app, monkeypatch, mail=f"smtp://127.0.0.1:{server.server_address[1]}")
    mail.send("sun@example.org", "主题", "正文")
    [taken] = server.taken  # type: ignore[attr-defined]
    sent = email.message_from_bytes(taken, policy=email.policy.default)
    assert (sent["To"], sent["Subject"], sent.get_content().strip()) == ("sun@example.org", "主题", "正文")


def test_no_mail_leaves_the_machine_unencrypted(
    app: Flask, monkeypatch: pytest.MonkeyPatch, server: socketserver.ThreadingTCPServer
) -> None:
    use(app, monkeypatch, mail=f"smtp://127.0.0.1:{server.server_address[1]}")
    monkeypatch.setattr(mail, "_is_loopback", lambda host: False)
    with pytest.raises(Unavailable):
        mail.send("sun@example.org", "a", "b")
    assert server.taken == []  # type: ignore[attr-defined]


def test_while_the_mail_server_is_away_a_reset_waits_and_is_not_lost(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    make.person()
    caplog.set_level(logging.CRITICAL)
    use(app, monkeypatch, mail="smtp://127.0.0.1:9")
    operations.ask_reset("sun@example.org", lang="en")
    outbox.drain()
    assert outbox.waiting() == (1, 1), "the link is made; its mail is still due"


def test_the_owner_is_told_in_his_own_language(app: Flask) -> None:
    who = make.person()
    for language in ("zh", "en"):
        who.language = language
        jobs.tell_owner("password_changed", who.code)
    assert sorted(one.subject for one in make.mails_to(who.email)) == ["Your password was changed", "您的密码已更改"]
