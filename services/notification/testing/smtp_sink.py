"""An SMTP server for tests; see smtp_sink.h. Usage: smtp_sink.py FOLDER MOOD"""

import asyncio
import json
import os
import signal
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    def __init__(self, folder):
        self.mails = open(os.path.join(folder, "mails"), "a", buffering=1)

    async def handle_RCPT(self, server, session, envelope, address, options):
        session.mute = "mute-" in address
        if address.startswith("refuse-"):
            return "550 5.1.1 no such user"
        if address.startswith("latin-"):
            return "550 5.1.1 Empfänger unbekannt ".encode("latin-1") + 600 * b"x"
        if address.startswith("defer-"):
            return "451 4.7.1 greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if to.startswith("reject-"):
            return "554 5.7.1 content refused"
        self.mails.write(json.dumps({"from": envelope.mail_from, "to": to,
                                     "data": envelope.content.decode("ascii")}) + "\n")
        if to.startswith("hang-"):
            await asyncio.sleep(3600)
        if to.startswith("slow-"):
            await asyncio.sleep(2)
        if to.startswith("vanish-"):
            server.transport.abort()
        return "250 2.0.0 ok, queued"

    async def handle_QUIT(self, server, session, envelope):
        if getattr(session, "mute", False):
            await asyncio.sleep(3600)
        return "221 2.0.0 bye"


class TurnsAway(SMTP):
    """Says 554 where a greeting is due (RFC 5321 3.1)."""

    async def push(self, status):
        greeting = isinstance(status, str) and status.startswith("220 ")
        await super().push("554 5.3.2 closed for maintenance" if greeting else status)


class KnowsNobody(SMTP):
    """Refuses whoever introduces themselves."""

    async def smtp_EHLO(self, hostname):
        await self.push("550 5.7.1 you are not welcome here")

    smtp_HELO = smtp_EHLO


MOODS = {"friendly": SMTP, "turns-away": TurnsAway, "knows-nobody": KnowsNobody}


async def main(folder, mood):
    handler = Handler(folder)
    connections = open(os.path.join(folder, "connections"), "a", buffering=1)

    def session():
        connections.write("c\n")
        return MOODS[mood](handler, hostname="sink.test")

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", 0)
    port = os.path.join(folder, "port")
    with open(port + ".new", "w") as file:
        file.write(str(server.sockets[0].getsockname()[1]))
    os.rename(port + ".new", port)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()


asyncio.run(main(sys.argv[1], sys.argv[2]))
