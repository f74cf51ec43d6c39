"""What servers of our own have in common: they end with their ``with``, and can be ended before."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

from tests.services import Broken
from tests.services.docker import Container
from tests.services.folder import Folder
from tests.services.process import Child

STARTS_MAX = 3
PORT_IS_TAKEN = ("already in use", "already allocated")


class Own(ABC):
    """A server that is ours alone, on Docker or on this machine. It keeps its address over stops and kills."""

    def __init__(self, name: str) -> None:
        self._folder = Folder(name)
        self._data = self._folder.path / "data"
        self._made: Child | Container | None = None

    def start(self) -> Self:
        """Make it and start it, at another port where somebody was faster to take one. Once; then ``start_again``."""
        for left in reversed(range(STARTS_MAX)):
            self._made = self._make()
            try:
                return self.start_again()
            except Broken as broken:
                if not left or not any(words in str(broken) for words in PORT_IS_TAKEN):
                    raise
                self._forget()
        raise AssertionError

    @abstractmethod
    def _make(self) -> Child | Container:
        """A server with a new address."""

    def _forget(self) -> None:
        """Remove what it holds; it does not run."""
        if isinstance(self._made, Container):
            self._made.remove()
        shutil.rmtree(self._data, ignore_errors=True)

    @abstractmethod
    def start_again(self) -> Self:
        """After a stop or a kill: with what it held, at the same address. Returns when it answers."""

    @property
    def _server(self) -> Child | Container:
        assert self._made, "start it first"
        return self._made

    def stop(self) -> None:
        """End it in good order."""
        self._server.stop()

    def kill(self) -> None:
        """End it and all its processes as a loss of power would."""
        self._server.kill()

    def close(self) -> None:
        """End it for good and remove what it held. May be called again."""
        try:
            if isinstance(self._made, Container):
                self._made.remove()
            elif self._made:
                self._end(self._made)
        finally:
            self._folder.remove()

    def _end(self, server: Child) -> None:
        """At once: nothing of it is wanted any more."""
        server.kill()

    def log(self) -> str:
        """All it has said."""
        return self._server.log()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
