"""What is written into logs, PostgreSQL's included, says nothing of people."""

import secrets

import client
from sockel.identity.v1 import user_pb2
from sockel.notification.v1 import message_pb2, template_pb2


def test_no_log_holds_what_somebody_was_told_or_is_called(suite, smi):
    """Nor of a request that is repeated, which ends a statement of PostgreSQL with an error."""
    word = secrets.token_hex(8)
    message = message_pb2.SendMessageRequest(
        parent=smi.name, request_id=client.request_id(),
        message=message_pb2.Message(
            confidential=True,
            content=template_pb2.Content(subject=f"Betreff {word}", text_body=f"Ihr Code: {word}"),
            recipients=[message_pb2.Recipient(email_address=f"{word}@example.org")]))
    user = user_pb2.CreateUserRequest(
        parent=smi.name, request_id=client.request_id(),
        user=user_pb2.User(login=f"login-{word}", display_name=f"Name {word}",
                           email_address=f"{word}@smi.example"))
    for call, request in ((smi.application.messages.SendMessage, message),
                          (smi.admin.users.CreateUser, user)):
        assert call(request) == call(request)
    user.request_id = client.request_id()
    assert client.refused(smi.admin.users.CreateUser, user).reason == "LOGIN_TAKEN"

    logs = {path.name: path.read_text(errors="replace") for path in (suite.state / "log").iterdir()}
    assert logs["postgres.log"].count("repeated request") >= 2
    assert [name for name, text in logs.items() if word in text] == []
