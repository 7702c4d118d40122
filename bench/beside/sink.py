"""A gateway on loopback that takes everything at once, as cheaply as can be, in a process of its own.

    sink.py            prints its port; answers until standard input ends, then prints {"taken": N}
"""

import asyncio
import json
import sys

OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
taken = 0


class Peer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.rest = transport, b""

    def data_received(self, data):
        global taken
        self.rest += data
        while True:
            head, found, rest = self.rest.partition(b"\r\n\r\n")
            if not found:
                return
            at = head.lower().find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(rest) < size:
                return
            self.rest = rest[size:]
            taken += 1
            self.transport.write(OK)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Peer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    print(json.dumps({"taken": taken}))


asyncio.run(main())
