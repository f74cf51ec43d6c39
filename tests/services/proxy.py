"""Between a client and a server on the loopback interface: slow, silent or cut, as a test says.

    with Proxy() as proxy, Kafka(settings=proxy.advertised()) as broker:
        proxy.target = broker.bootstrap         # clients that were told of it come through here
        proxy.delay_s = 0.05                    # each piece is held so long
        proxy.keep("answers")                   # the server does what it is asked, and nobody hears of it
        proxy.cut()                             # all connections end, and new ones too
        proxy.mend()

All of it is one thread with an event loop of its own. Not more than ``PIECE`` bytes of a direction are held.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

from tests.services.process import free_ports

PIECE = 64 * 2**10
START_MAX_S = 30
Way = Literal["questions", "answers"]


class Proxy:
    """Listens at ``address`` for as long as its ``with``."""

    def __init__(self) -> None:
        self.target = ""
        self.delay_s = 0.0
        self.address = f"127.0.0.1:{free_ports(1)[0]}"
        self._kept: set[Way] = set()
        self._cut = False
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def advertised(self) -> dict[str, str]:
        """What a broker must tell its clients, so that they come through here."""
        return {"advertised.listeners": f"CLIENTS://{self.address}"}

    def keep(self, *ways: Way) -> None:
        """Let nothing more through on these ways; what comes is dropped. Both: as a server that hangs."""
        self._kept = set(ways)

    def cut(self) -> None:
        """End every connection, and each new one at once."""
        self._cut = True
        self._do(self._end_all())

    def mend(self) -> None:
        """As in the beginning. Connections of which something was dropped end."""
        self.delay_s, self._kept, self._cut = 0.0, set(), False
        self._do(self._end_all())

    async def _end_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._open.add(back)
        there: asyncio.StreamWriter | None = None
        try:
            if self._cut:
                return
            host, _, port = self.target.rpartition(":")
            server, there = await asyncio.open_connection(host, int(port))
            self._open.add(there)
            pumps = [
                asyncio.ensure_future(self._pump(client, there, "questions")),
                asyncio.ensure_future(self._pump(server, back, "answers")),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass  # the server is away: so is this connection
        finally:
            for writer in (back, there):
                if writer is not None:
                    self._open.discard(writer)
                    writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, way: Way) -> None:
        with suppress(OSError):
            while piece := await source.read(PIECE):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                if way not in self._kept:
                    sink.write(piece)
                    await sink.drain()

    def _do(self, what: object) -> None:
        future: Future[None] = asyncio.run_coroutine_threadsafe(what, self._loop)  # type: ignore[arg-type]
        future.result(START_MAX_S)

    def __enter__(self) -> Self:
        self._thread.start()
        host, _, port = self.address.rpartition(":")

        async def listen() -> None:
            self._server = await asyncio.start_server(self._serve, host, int(port))

        self._do(listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        async def end() -> None:
            self._server.close()
            await self._end_all()
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

        self._do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_MAX_S)
        self._loop.close()
