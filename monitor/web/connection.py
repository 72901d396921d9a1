"""One connection of the service, however slow or many its clients are: none keeps a place it does not use."""

from __future__ import annotations

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.h11_impl import H11Protocol

ASKING = 15.0  # seconds between answers until the head of a request is here, whole
TAKING = 60.0  # seconds in which who asked must take what was sent, but for the last bytes


class Connection(H11Protocol):
    """Ends when its client asks or takes nothing for too long. Where all are taken, the longest waiting one ends."""

    _waiting: TimerHandle | None = None
    _taking: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Somebody came."""
        super().connection_made(transport)
        self._watch()
        if self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or more."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Was answered, and may ask again."""
        self._stop_waiting()
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Does not take what was sent."""
        super().pause_writing()
        self._taking = self._taking or self.loop.call_later(TAKING, self.transport.abort)

    def resume_writing(self) -> None:
        """Took it."""
        super().resume_writing()
        self._stop_taking()

    def connection_lost(self, exc: Exception | None) -> None:
        """Is gone."""
        super().connection_lost(exc)
        self._stop_waiting()
        self._stop_taking()

    def _watch(self) -> None:
        if self._answers():
            self._stop_waiting()
        elif self._waiting is None and not self.transport.is_closing():
            self._waiting = self.loop.call_later(ASKING, self.transport.abort)

    def _answers(self) -> bool:
        return bool(self.cycle) and not self.cycle.response_complete  # None before the first request

    def _make_room(self) -> None:
        others = [one for one in self.connections if isinstance(one, Connection) and one is not self]
        waiting = [(one._waiting.when(), one) for one in others if one._waiting and not one.transport.is_closing()]
        if waiting:
            min(waiting, key=lambda pair: pair[0])[1].transport.abort()

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
