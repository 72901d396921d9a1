"""The command `completion`: the script that lets a shell complete our commands. It installs nothing by itself."""

from __future__ import annotations

from typing import Annotated

import typer

from monitor.cli import completing, output
from monitor.cli.options import one_of

SHELLS = ("bash", "zsh", "fish")


def completion(
    shell: Annotated[
        str,
        typer.Argument(metavar="SHELL", help="bash, zsh or fish.", autocompletion=completing.words(SHELLS)),
    ],
) -> None:
    """Print the script that lets your shell complete commands, options, funds, issuers, tickers and channels.

    \b
    bash: holdings-monitor completion bash > ~/.local/share/bash-completion/completions/holdings-monitor
          (or put  eval "$(holdings-monitor completion bash)"  into ~/.bashrc)
    zsh:  holdings-monitor completion zsh > ~/.zfunc/_holdings-monitor
          (with  fpath+=~/.zfunc; autoload -Uz compinit; compinit  in ~/.zshrc)
    fish: holdings-monitor completion fish > ~/.config/fish/completions/holdings-monitor.fish

    Names come from the database of your configuration, within 0.3 seconds or not at all.
    """
    one_of(shell, SHELLS, "script for")
    output.write(completing.script(shell))
