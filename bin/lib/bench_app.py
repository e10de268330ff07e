"""The app that bin/bench deploys: it answers every GET with its version, fast, and ends without
breaking an answer off. Python's standard library alone, so that nothing is fetched."""

import asyncio
import pathlib
import signal
import sys

VERSION = (pathlib.Path(__file__).parent / "version.txt").read_text().strip()
ANSWER = f"HTTP/1.1 200 OK\r\nX-Shop-Version: {VERSION}\r\nContent-Length: 5\r\n\r\nwell\n".encode()
LAST_ANSWER = ANSWER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)


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
        *requests, self.rest = (self.rest + data).split(b"\r\n\r\n")
        for request in requests:
            closes = Client.is_ending or b"\r\nconnection: close" in request.lower()
            self.transport.write(LAST_ANSWER if closes else ANSWER)
            if closes:
                self.transport.close()


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
