"""The command line: reads arguments, calls, prints. It holds no decisions and imports late, so that --help is quick."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import TextIO, cast

from monitor.core.errors import ConfigError, MonitorError, UsageError
from monitor.leisure import look_seldom


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 failed, 2 wrong use, 3 done but something needs attention."""
    from monitor.logs import Guarded

    look_seldom()
    sys.stderr = cast(TextIO, Guarded(sys.stderr))  # whatever is said beside the answer, tracebacks included
    code = run(sys.argv[1:] if arguments is None else list(arguments))
    gc.freeze()  # Python looks for cycles once more as it goes: 0.2 s of CPU to free what ends with the process
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """The exit code of a command; every error we raise on purpose becomes one clear message."""
    from monitor.cli.commands import cli
    from monitor.cli.completing import VARIABLE, prepare

    if VARIABLE in os.environ:
        prepare()
    try:
        result = cli.meant(arguments)(list(arguments), prog_name="holdings-monitor", standalone_mode=True)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1 if stop.code else 0
    except MonitorError as error:
        return _explain(error)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `… | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return result if isinstance(result, int) else 0


def _explain(error: MonitorError) -> int:
    from monitor.cli.output import clean

    text = "\n".join(clean(line) for line in str(error).split("\n"))
    print(f"holdings-monitor: {text}", file=sys.stderr)
    return 2 if isinstance(error, (UsageError, ConfigError)) else 1
