"""A line to a server that is far away: a proxy that adds delay, has a rate, and counts round trips.

Each direction of the line has the rate (1000 Mbit/s; 0 for none), shared by all connections, and half of the delay (100 ms). A new
connection carries nothing for one round trip more, the time of its handshake.

Round trips are one step each of the longest chain of what depends on each other. A client's bytes are one step after everything that
had been delivered to the client when it sent them, the answer has the step of what the server had received on that connection, and the
handshake of a connection is a step of its own. So the count is never more than the time that passed divided by the round trip, and a
request that only happens to be sent late counts as one that had to be.
"""

import asyncio
import socket
import threading
import time

PIECE = 128 << 10
METHODS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ")


class Steps:
    """What happened on a line since it was last asked."""

    def __init__(self):
        self.clear()

    def clear(self):
        # What is on its way then does not count any more.
        self.era = getattr(self, "era", 0) + 1
        self.delivered, self.steps, self.connections, self.sent, self.received, self.log = 0, 0, 0, 0, 0, []

    def report(self):
        return {"steps": self.steps, "connections": self.connections, "sent": self.sent, "received": self.received, "log": self.log}


class Direction:
    """One direction of the line, which all connections share."""

    def __init__(self, rate, delay):
        self.rate, self.delay, self.free = rate, delay, 0.0
        # What fits on the way, beyond which a sender waits for the other end to take it.
        self.room = int(max(4 << 20, 2 * (rate or 125e6) * delay))

    async def take(self, count):
        """Waits for the line to take the bytes; returns when they arrive."""
        now = time.monotonic()
        if self.rate:
            self.free = max(now, self.free) + count / self.rate
            if self.free - now > 0.002:
                await asyncio.sleep(self.free - now - 0.001)
            now = self.free
        return now + self.delay


class Connection:
    def __init__(self, number, step, opened, era):
        self.number, self.handshake, self.opened, self.era = number, step, opened, era
        # The steps of what the client sent last, and of what has arrived at the server.
        self.step, self.arrived = step, step


class FarLine:
    """The proxy, in a thread of its own. Delay and rate can be changed between uses."""

    def __init__(self, rtt=0.1, rate=125e6, address="127.0.0.1"):
        """`rtt` in seconds, `rate` in bytes a second, None for none; `address` is where it listens."""
        self.address = address
        self.rtt = rtt
        self.up, self.down = Direction(rate, rtt / 2), Direction(rate, rtt / 2)
        self.count = Steps()
        self.began = time.monotonic()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def to(self, port):
        """The line's own port for a server's."""
        server = socket.create_server((self.address, 0), backlog=128)
        server.setblocking(False)
        asyncio.run_coroutine_threadsafe(self.accept(server, port), self.loop)
        return server.getsockname()[1]

    def taken(self):
        """The counts since the last call."""
        return asyncio.run_coroutine_threadsafe(self.take(), self.loop).result()

    async def take(self):
        report = self.count.report()
        self.count.clear()
        self.began = time.monotonic()
        return report

    def stop(self):
        async def end():
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def accept(self, server, port):
        while True:
            client, _ = await self.loop.sock_accept(server)
            self.loop.create_task(self.connect(client, port))

    async def connect(self, client, port):
        count = self.count
        count.connections += 1
        line = Connection(count.connections, count.delivered + 1, time.monotonic() + self.rtt, count.era)
        self.loop.call_later(self.rtt, self.deliver, line, line.handshake)
        count.steps = max(count.steps, line.handshake)
        self.note(line, line.handshake, "connect")
        peer = socket.socket()
        for one in (client, peer):
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await self.loop.sock_connect(peer, ("127.0.0.1", port))
            both = [self.carry(client, peer, line, self.up, True), self.carry(peer, client, line, self.down, False)]
            await asyncio.gather(*both)
        except OSError:
            pass
        finally:
            client.close()
            peer.close()

    def deliver(self, line, step):
        if line.era != self.count.era:
            return
        self.count.delivered = max(self.count.delivered, step)

    def note(self, line, step, what):
        if len(self.count.log) < 2000:
            self.count.log.append([step, line.number, round(time.monotonic() - self.began, 3), what])

    async def carry(self, source, sink, line, direction, is_client):
        queue, held, changed = [], 0, asyncio.Event()

        async def write():
            nonlocal held
            while True:
                while not queue:
                    changed.clear()
                    await changed.wait()
                at, step, data = queue.pop(0)
                wait = at - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                if not data:
                    sink.shutdown(socket.SHUT_WR)
                    return
                if is_client:
                    line.arrived = max(line.arrived, step)
                else:
                    self.deliver(line, step)
                await self.loop.sock_sendall(sink, data)
                held -= len(data)
                changed.set()

        writer = self.loop.create_task(write())
        try:
            while not writer.done():
                try:
                    data = await self.loop.sock_recv(source, PIECE)
                except ConnectionResetError:
                    data = b""
                step = self.sent(line, data) if is_client else self.received(line, data)
                at = await direction.take(len(data))
                if is_client:
                    at = max(at, line.opened + direction.delay)
                queue.append((at, step, data))
                held += len(data)
                changed.set()
                if not data:
                    break
                while held > direction.room and not writer.done():
                    await asyncio.sleep(0.002)
            await writer
        finally:
            writer.cancel()

    def sent(self, line, data):
        line.step = max(line.step, self.count.delivered + 1, line.handshake + 1)
        if data and line.era == self.count.era:
            self.count.sent += len(data)
            self.count.steps = max(self.count.steps, line.step)
            if data.startswith(METHODS):
                self.note(line, line.step, data.split(b"\r\n", 1)[0].decode(errors="replace").removesuffix(" HTTP/1.1"))
            elif data[:1] == b"\x16":
                self.note(line, line.step, "TLS handshake")
            elif data[:1] in b"\x14\x17" and len(data) < PIECE // 2:
                self.note(line, line.step, f"TLS {len(data)} bytes")
        return line.step

    def received(self, line, data):
        self.count.received += len(data)
        return line.arrived
