"""Do the same files give the same rows whatever order they come in, and when everything is derived again?"""

from __future__ import annotations

from collections.abc import Mapping

from tests.accuracy.loading import Digest
from tests.accuracy.report import Bar, Section, table


def independence(whole: Digest, others: Mapping[str, Digest]) -> Section:
    """The tables of the whole load beside those of other loads of the same files, by name."""
    differing = {name: [t for t in whole if whole[t] != other.get(t)] for name, other in others.items()}
    rows = [
        (table_name, whole[table_name][0], *("same" if table_name not in differing[n] else "DIFFERS" for n in others))
        for table_name in whole
    ]
    lines = table(("rows of", "count", *(name.removeprefix("random order, ") for name in others)), rows)
    section = Section("The order of loading does not matter", lines)
    section.numbers = {name: {"differs": tables} for name, tables in differing.items()}
    for name, tables in differing.items():
        section.bars.append(Bar(f"identical: {name}", ", ".join(tables) or "identical", "identical", not tables))
    return section
