"""The rules in words: what makes each kind of event, standing and refusal. Numbers come from where they are applied."""

from __future__ import annotations

from monitor.core import bonds, contracts, conversions, flows, ranking, spells

KINDS = {
    "INITIATED": f"First material holding in the fund's records. Material: weight of at least {spells.MATERIAL} %,"
    f" or at least {spells.SMALL} % and a value of {spells.MATERIAL_VALUE:,}.",
    "INITIATED_AT_ISSUER": "First material holding, and no fund of the issuer held it before.",
    "RE_ENTERED": f"Material again after {spells.RE_ENTRY} sessions or more without a material holding.",
    "RESUMED": f"Material again after fewer than {spells.RE_ENTRY} sessions without a material holding.",
    "EXITED": f"No longer listed, or a crumb: under {spells.SMALL} % of the fund and at most"
    f" {100 * spells.CRUMB_OF_PEAK:f} % of the largest size of the last {spells.WINDOW} files. One file without"
    f" warnings is enough when the last weight was above {spells.SMALL} %, else two are needed.",
    "INCREASED": "The share count grew beyond what the flow of the fund and splits explain.",
    "DECREASED": "The share count fell beyond what the flow of the fund and splits explain.",
    "SPLIT": "Shares and price changed by inverse ratios: a split or consolidation, not a trade.",
    "IDENTIFIER_CHANGE": "A line vanished and another appeared with the same identifier, ticker and name, or name.",
    "TICKER_CHANGED": "The same identifier is listed under another ticker; an exchange code does not count.",
    "RENAMED": "The same identifier is listed under a name that is not alike.",
    "SUCCESSOR": "A line vanished and another appeared whose share count continues it: merger or exchange.",
    "CONVERTED": "Two lines of one issuer whose counts cancel within 0.5 %: shares were exchanged, nothing was traded.",
    "POSSIBLE_CONVERSION": f"A line of at least {conversions.CLIFF} % left in one step as another grew by 0.85 to 1.15"
    " times its value, at 0.8 to 1.25 shares for one, or at one ratio in two funds.",
    "SPIN_OFF_RECEIVED": "A new line is a whole part of an unchanged line whose price fell by about its worth.",
    "FUND_CLOSED": "The issuer closed the fund, and this is its last file.",
    "CRUMB_REMOVED": "What was left of a position that had effectively ended is no longer listed.",
    "REBALANCE": f"Less than {100 * flows.REBALANCE_BELOW:.0f} % of the lines move together: the fund was re-sized."
    f" Of {flows.LEAST_LINES} or more contracts and bonds, which have no flow: more than half changed their size.",
    "FLIPPED": "The signed quantity of a position changed its sign; a group of contracts only when all have one sign.",
    "ROLLED": "A contract of a group is no longer listed and others of the group are: options whatever their number,"
    f" futures and swaps with the same signed quantity within {100 * contracts.ROLL:.0f} %.",
    "MATURED": f"A bond or options that are gone within {bonds.NEAR} sessions of the maturity or expiry they print.",
    "CORPORATE_ACTION": "A right, when-issued line, placeholder or unregistered line came or went.",
    "CASH_VEHICLE": "One money-market fund is no longer listed and another is: cash is parked elsewhere.",
}

STANDINGS = {
    "accepted": "The gates let it through, or a later file agreed with it, or an operator said so.",
    "quarantined": "A gate held it: it is stored and makes no events until the next file or an operator decides.",
    "discarded": "The next file agreed with the file before it and not with this one.",
    "superseded": "Another version of the same date is preferred: one the gates let through, then the newest.",
    "rejected": "An operator said that it does not count.",
}

REFUSALS = {
    "empty": "A holdings file has bytes.",
    "size": "A holdings file is within the limits on bytes, rows, columns and cells.",
    "binary": "This source publishes text.",
    "encoding": "The text must be readable in one of the encodings tried.",
    "html": "A web page is no holdings file.",
    "json": "This source does not publish JSON.",
    "shape": "The file must have one of the shapes the source publishes.",
    "error-page": "The text is a known error message of the publisher or its gateway.",
    "quotes": "Every quoted cell must be closed.",
    "columns": "A header must name the required columns, each once, in a form that is read.",
    "rows": "At least one row below the header must be a holding.",
    "as_of": "The holdings must be dated.",
    "numbers": "Holdings must have numbers of shares.",
    "fund": "The file must be about a fund of this source, the one that was asked for.",
    "store": "Every quantity must be storable exactly, and one date has a limit on versions.",
}

SEVERITY = (
    f"high from {ranking.HIGH}, normal from {ranking.NORMAL}, else low; the sum of the terms, rounded, never below 0"
)


def rule_of(table: dict[str, str], name: str | None) -> str:
    """The rule called `name`; a name that nobody described says so."""
    return table.get(name or "", f"No description of {name!r}.")
