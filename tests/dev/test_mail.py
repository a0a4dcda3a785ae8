"""The mail sink keeps what it gets, and refuses what it is told to refuse."""

import json
import smtplib
import socket
from argparse import Namespace
from email.message import EmailMessage

import layout
import mail
import pytest
from daemon import Daemon


@pytest.fixture
def smtp(state):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = Daemon(state, "mail")
    ready = state.run / "mail.ready"
    sink.start(["/usr/bin/python3", layout.TOOLS / "smtp_sink.py", port, state.mail, ready])
    assert layout.wait_until(ready.exists, 30)
    with smtplib.SMTP("127.0.0.1", port) as client:
        yield client
    assert sink.stop()


def message(subject, text):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "akte@smi.example", "muster@smi.example", subject
    made.set_content(text)
    made.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="Bescheid.pdf")
    return made


def test_keeps_messages_in_order(state, smtp, capsys):
    smtp.send_message(message("Erste Nachricht", "Grüße aus Dresden\n"))
    smtp.send_message(message("Zweite Nachricht", "Bis bald\n"))
    mail.run(Namespace(action="list", number=None, json=True), state)
    first, second = json.loads(capsys.readouterr().out)
    assert (first["subject"], second["subject"]) == ("Erste Nachricht", "Zweite Nachricht")
    assert first["text"] == "Grüße aus Dresden\n"
    assert first["to"] == ["muster@smi.example"]
    assert first["attachments"] == [
        {"filename": "Bescheid.pdf", "type": "application/pdf", "bytes": 8}]


@pytest.mark.parametrize("recipient, code", [("reject@x.example", 550), ("defer1@x.example", 451)])
def test_refuses_on_demand(smtp, recipient, code):
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        smtp.sendmail("akte@smi.example", [recipient], b"Subject: x\r\n\r\nx\r\n")
    assert refused.value.recipients[recipient][0] == code
