"""What the columns of answers mean, once for all questions: a name has one meaning and one unit everywhere.

Share counts, values and weights are as published unless the meaning says otherwise. Unknown is null, never 0.
"""

from __future__ import annotations

# name in a frame → (unit, meaning); a column that ends with _from or _to may stand here as its interval
MEANINGS: dict[str, tuple[str, str]] = {
    "issuer": ("", "who publishes the fund, by our code"),
    "fund": ("", "ticker of the fund"),
    "as_of": ("date", "the date the file states"),
    "pos_session": ("session", "the session after whose close the positions were true; unknown while not calibrated"),
    "security": ("", "our public id of the position"),
    "name": ("", "the name as printed in the file"),
    "ticker": ("", "the ticker as printed"),
    "cusip": ("", "CUSIP as printed, verified by its check digit"),
    "isin": ("", "ISIN as printed, verified by its check digit"),
    "sedol": ("", "SEDOL as printed, verified by its check digit"),
    "figi": ("", "FIGI as printed, verified by its check digit"),
    "shares": ("shares", "shares, contracts or par as published"),
    "value": ("`currency`", "market value as published"),
    "currency": ("", "currency of the values, ISO 4217"),
    "weight": ("percent points", "part of the fund as published"),
}


def meaning(name: str) -> tuple[str, str]:
    """Unit and meaning of a column. Raises KeyError for one that nobody has described."""
    if name in MEANINGS:
        return MEANINGS[name]
    for end in ("_from", "_to"):
        if name.endswith(end) and (base := name.removesuffix(end)) in MEANINGS:
            unit, about = MEANINGS[base]
            return unit, f"{about} ({'earliest' if end == '_from' else 'latest'} possible)"
    raise KeyError(f"the column {name} is not described in the vocabulary")
