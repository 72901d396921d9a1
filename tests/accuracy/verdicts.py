"""Labels and cases: rows right and wrong, each miss with what we said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from tests.accuracy.expectations import of_cases, of_labels
from tests.accuracy.folder import Folder
from tests.accuracy.report import Bar, Section, Thresholds, missing, none_of, share, table, wrapped
from tests.accuracy.told import History
from tests.accuracy.vocabulary import Judged, Outcome, judge


def labels(folder: Folder, histories: Sequence[History]) -> Section:
    """The rows of `labels.csv` by kind."""
    rows = folder.rows("ark/labels.csv")
    if rows is None or not histories:
        return missing("Labels", "ark/labels.csv", "true re-entries found", "false events among the labels")
    judged = [judge(row, histories) for row in of_labels(rows)]
    section = _section("Labels", judged)
    returns = [one for one in judged if one.row.verdict.upper().startswith("RE-ENTRY") and one.outcome in _JUDGED]
    right = sum(one.outcome is Outcome.RIGHT for one in returns)
    wrong = sum(one.outcome is Outcome.WRONG for one in judged)
    section.bars = [
        Bar(
            "true re-entries on the right file",
            f"{right} of {len(returns)}",
            "all",
            right == len(returns) if returns else None,
        ),
        none_of("false events among the labels", wrong - (len(returns) - right)),
    ]
    return section


def cases(folder: Folder, histories: Sequence[History], bars: Thresholds) -> Section:
    """The rows of `cases.csv` by group."""
    rows = folder.rows("cases.csv")
    if rows is None or not histories:
        return missing("Cases", "cases.csv", "cases right")
    judged = [judge(row, histories) for row in of_cases(rows)]
    section = _section("Cases", judged)
    here = [one for one in judged if one.outcome in _JUDGED]
    right = sum(one.outcome is Outcome.RIGHT for one in here)
    part = share(right, len(here))
    holds = None if part is None else part >= bars.cases
    section.bars = [Bar("cases right", f"{right} of {len(here)}", f"≥ {bars.cases:.0%}", holds)]
    return section


def contradicted(judged: Iterable[Section]) -> set[str]:
    """The events, in words, that a label or case calls wrong."""
    found = set()
    for section in judged:
        rows = section.numbers.get("rows")
        for row in rows if isinstance(rows, list) else ():
            found |= {text.removeprefix("told: ") for text in row["complaints"] if text.startswith("told: ")}
    return found


_JUDGED = (Outcome.RIGHT, Outcome.WRONG)


def _section(title: str, judged: Sequence[Judged]) -> Section:
    kinds = sorted({one.row.kind for one in judged})
    count = Counter((one.row.kind, one.outcome) for one in judged)
    rows = [(kind, *(count[kind, outcome] for outcome in Outcome)) for kind in kinds]
    rows.append(("all", *(sum(one.outcome is outcome for one in judged) for outcome in Outcome)))
    lines = table(("kind", *(str(one) for one in Outcome)), rows)
    for outcome in (Outcome.WRONG, Outcome.NOT_JUDGED, Outcome.NOT_HERE):
        for one in (one for one in judged if one.outcome is outcome):
            lines += _explained(one)
    totals = {str(outcome): sum(one.outcome is outcome for one in judged) for outcome in Outcome}
    return Section(title, lines, {"count": totals, "rows": [_row(one) for one in judged]})


def _explained(one: Judged) -> list[str]:
    said = "; ".join(one.complaints)
    if one.outcome is Outcome.NOT_HERE:
        return wrapped(f"not here  {one.row.name}: {said}")
    about = f"{one.row.name} ({one.row.funds} {one.row.security})"
    head = wrapped(f"{str(one.outcome).upper()}  {about}: {one.row.verdict}")
    return ["", *head, *wrapped(said, "    ")]


def _row(one: Judged) -> dict[str, object]:
    row = one.row
    return {
        "name": row.name,
        "kind": row.kind,
        "funds": row.funds,
        "dates": row.dates,
        "security": row.security,
        "verdict": row.verdict,
        "outcome": str(one.outcome),
        "complaints": list(one.complaints),
    }
