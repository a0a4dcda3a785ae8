"""tools/dev mail: reads what the suite has sent."""

import email
import email.policy
import json

import ui


def messages(state):
    """All kept messages, oldest first."""
    if not (state.mail / "new").is_dir():
        return []
    paths = [state.mail / folder / path.name
             for folder in ("new", "cur") for path in (state.mail / folder).iterdir()]
    paths.sort(key=lambda path: (path.stat().st_mtime_ns, path.name))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in paths]


def _text(message):
    part = message.get_body(preferencelist=("plain", "html"))
    return part.get_content().replace("\r\n", "\n") if part is not None else ""


def _attachments(message):
    return [{"filename": part.get_filename() or "", "type": part.get_content_type(),
             "bytes": len(part.get_payload(decode=True) or b"")}
            for part in message.iter_attachments()]


def as_json(number, message):
    return {"number": number, "date": str(message["Date"] or ""), "from": str(message["From"] or ""),
            "to": message.get_all("Delivered-To", []), "subject": str(message["Subject"] or ""),
            "headers": {name: str(value) for name, value in message.items()},
            "text": _text(message), "attachments": _attachments(message)}


def _show(message):
    for name in ("Date", "From", "To", "Subject", "Message-ID"):
        if message[name]:
            ui.say(f"{name}: {message[name]}")
    ui.say()
    ui.say(_text(message).rstrip())
    for attachment in _attachments(message):
        ui.say(f"[attached: {attachment['filename']} {attachment['type']}, {attachment['bytes']} bytes]")


def run(args, state):
    state.require()
    kept = messages(state)
    if args.action == "show":
        if args.number is None:
            raise ui.Failure("which message?", "For example: tools/dev mail show 1")
        if not 1 <= args.number <= len(kept):
            raise ui.Failure(f"there is no message {args.number}; there are {len(kept)}",
                             "See: tools/dev mail list")
        message = kept[args.number - 1]
        if args.json:
            ui.say(json.dumps(as_json(args.number, message), ensure_ascii=False))
        else:
            _show(message)
    elif args.json:
        ui.say(json.dumps([as_json(n, message) for n, message in enumerate(kept, 1)],
                          ensure_ascii=False))
    elif not kept:
        ui.say("No mail yet.")
    else:
        ui.table([(n, message["Date"] or "", ", ".join(message.get_all("Delivered-To", [])),
                   message["Subject"] or "") for n, message in enumerate(kept, 1)],
                 ("no", "date", "to", "subject"))
