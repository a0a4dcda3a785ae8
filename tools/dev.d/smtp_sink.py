"""An SMTP server that delivers nothing: every message lands in a Maildir.

Started by tools/dev up as its own process: smtp_sink.py PORT MAILDIR READY. Its
process id stands in the file READY once the port is its own. A
recipient whose address begins with `reject` is refused for good (550), one
that begins with `defer` for now (451): so bounces and retries can be seen.
"""

import asyncio
import mailbox
import os
import signal
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP

_MAX_MESSAGE = 64 * 1024 * 1024


class MaildirHandler:
    def __init__(self, folder):
        self.maildir = mailbox.Maildir(folder)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("reject"):
            return "550 5.1.1 no such mailbox (the sink refuses reject*)"
        if address.startswith("defer"):
            return "451 4.3.0 try again later (the sink defers defer*)"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        trace = f"Return-Path: <{envelope.mail_from}>\r\n"
        trace += "".join(f"Delivered-To: {to}\r\n" for to in envelope.rcpt_tos)
        self.maildir.add(trace.encode("utf-8") + envelope.content)
        return "250 OK: kept"


async def serve(port, folder, ready):
    handler = MaildirHandler(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, hostname="sink.localhost", data_size_limit=_MAX_MESSAGE,
                     enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1", port)
    Path(ready).write_text(str(os.getpid()), encoding="ascii")
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
