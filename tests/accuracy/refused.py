"""Nothing may be told of a file that was refused, quarantined or discarded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.accuracy.report import Section, none_of, table, wrapped
from tests.accuracy.told import History


def events(histories: Sequence[tuple[str, History]]) -> Section:
    """Events dated by a file that does not count, over all loads: of no accepted file of the fund."""
    rows, said = [], []
    for name, history in histories:
        counted = {(file.fund, file.as_of) for files in history.files.values() for file in files}
        wrong = [one for one in history.events for fund in one.funds if (fund, one.as_of) not in counted]
        standing = Counter(file.standing for file in history.unused)
        shown = [standing[word] for word in ("quarantined", "discarded", "rejected", "superseded")]
        rows.append((name, len(counted), *shown, len(history.refused), len(wrong)))
        said += [f"{name}: {one}" for one in wrong]
    head = ("files of", "accepted", "quarantined", "discarded", "rejected", "superseded", "refused", "events")
    section = Section("Events from refused, quarantined or discarded files", table(head, rows))
    for text in said[:20]:
        section.lines += wrapped(f"WRONG  {text}")
    section.bars = [none_of("events from refused or quarantined files", len(said))]
    section.numbers = {"loads": [dict(zip(head, row, strict=True)) for row in rows], "events": said}
    return section
