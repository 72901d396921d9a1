"""Every error we raise on purpose, with its context. A bug raises something else."""

from __future__ import annotations


class MonitorError(Exception):
    """Something the user can understand and act on: the message says what, where and what to do."""

    def __reduce__(self) -> tuple[object, ...]:
        """So that it can be pickled whatever its arguments are, and raised in another process."""
        return _same, (type(self), self.args, self.__dict__)


def _same(kind: type[MonitorError], arguments: tuple[object, ...], fields: dict[str, object]) -> MonitorError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(fields)
    return error


class ConfigError(MonitorError):
    """The configuration is wrong; the message lists every fault found."""


class UsageError(MonitorError):
    """The command was given something it cannot work with (exit code 2)."""


class NoFile(UsageError):
    """No file says what was asked: nothing is known of that day. It says from when on files are there."""


class FetchError(MonitorError):
    """A download failed. `retry` says whether trying again later can help."""

    def __init__(
        self, message: str, *, url: str, status: int | None = None, retry: bool = True, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.url = url
        self.status = status
        self.retry = retry
        self.retry_after = retry_after


class ParseError(MonitorError):
    """A file cannot be read as holdings. `code` is a short stable word for the kind of refusal."""

    def __init__(self, message: str, *, code: str, row: int | None = None, column: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.row = row
        self.column = column


class StoreError(MonitorError):
    """The database cannot do what was asked: too new, too old, locked, damaged."""


class DeliveryError(MonitorError):
    """A message was not accepted. `permanent` says that sending it again cannot help, `destination` that no other
    message would be accepted either, `ambiguous` that it may have arrived all the same, `reached` which of several
    recipients got it."""

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        ambiguous: bool = False,
        destination: bool = False,
        reached: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.destination = destination
        self.reached = reached
