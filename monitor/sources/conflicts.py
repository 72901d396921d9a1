"""Finds the markers a version control system leaves in a file that two people changed.

Public archives of holdings files contain such files: both versions of the table stand in one body.
"""

from __future__ import annotations

OURS, BETWEEN, THEIRS = "<<<<<<<", "=======", ">>>>>>>"


def versions(rows: list[list[str]]) -> tuple[frozenset[int], ...]:
    """For each version of a file in conflict the indexes of the rows that are not part of it; one empty set when
    there is no conflict. The later version comes last. Markers that do not close are no conflict."""
    if OURS not in "\n".join([cells[0] for cells in rows if cells]):
        return (frozenset(),)
    markers: set[int] = set()
    ours: set[int] = set()
    theirs: set[int] = set()
    side: set[int] | None = None
    for index, cells in enumerate(rows):
        first = cells[0].lstrip("\ufeff") if cells else ""
        if first.startswith(OURS) and side is None:
            side = ours
        elif first == BETWEEN and side is ours:
            side = theirs
        elif first.startswith(THEIRS) and side is theirs:
            side = None
        else:
            if side is not None:
                side.add(index)
            continue
        markers.add(index)
    if not markers or side is not None:
        return (frozenset(),)
    return frozenset(markers | theirs), frozenset(markers | ours)
