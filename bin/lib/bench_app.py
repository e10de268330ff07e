"""The app that bin/bench deploys: it answers every request with its version, fast, and ends without
breaking an answer off. The bodies of POSTs go into the file POSTS, and connections on which there was
one are closed within a moment, without a word. Python's standard library alone, so that nothing is
fetched."""

import asyncio
import functools
import os
import pathlib
import random
import re
import signal
import sys

VERSION = (pathlib.Path(__file__).parent / "version.txt").read_text().strip()
ANSWER = f"HTTP/1.1 200 OK\r\nX-Shop-Version: {VERSION}\r\nContent-Length: 5\r\n\r\nwell\n".encode()
LAST_ANSWER = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Client(asyncio.Protocol):
    clients = set()
    is_ending = False

    def connection_made(self, transport):
        self.transport = transport
        self.rest = b""
        Client.clients.add(self)

    def connection_lost(self, _):
        Client.clients.discard(self)

    def data_received(self, data):
        self.rest += data
        while b"\r\n\r\n" in self.rest:
            head, rest = self.rest.split(b"\r\n\r\n", 1)
            length = 0
            if head.startswith(b"POST "):
                length = int(LENGTH.search(head).group(1))
                if len(rest) < length:
                    return
                os.write(posts(), rest[:length] + b"\n")
                asyncio.get_running_loop().call_later(random.uniform(0, 0.002), self.transport.close)
            self.rest = rest[length:]
            closes = Client.is_ending or b"\r\nconnection: close" in head.lower()
            self.transport.write(LAST_ANSWER if closes else ANSWER)
            if closes:
                self.transport.close()


@functools.cache
def posts():
    return os.open(os.environ["POSTS"], os.O_WRONLY | os.O_APPEND)


async def main():
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ending.set)
    server = await loop.create_server(Client, sys.argv[1], int(sys.argv[2]), backlog=1024)
    await ending.wait()
    Client.is_ending = True
    server.close()
    for client in list(Client.clients):
        client.transport.close()


asyncio.run(main())
