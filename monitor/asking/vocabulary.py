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
    "listed": ("", "whether the file lists the security at all"),
    "adjusted_shares": ("shares", "shares adjusted for splits, in units of the last of the files"),
    "price": ("`currency`", "value by shares, as the file implies it"),
    "positions": ("", "how many positions are held; cash is none"),
    "largest": ("percent points", "weight of the largest position"),
    "top10": ("percent points", "weight of the ten largest positions together"),
    "hhi": ("points", "sum of the squared weights in percent points (Herfindahl-Hirschman); 10,000: one name is all"),
    "effective": ("", "how many positions of equal size would be as concentrated"),
    "other_issuer": ("", "who publishes the other fund"),
    "other": ("", "ticker of the other fund"),
    "other_as_of": ("date", "the date the other fund's file states"),
    "other_weight": ("percent points", "part of the other fund as published"),
    "overlap": ("percent points", "the smaller of both weights; summed over shared names"),
    "shared": ("", "how many positions both funds hold"),
    "only_in_fund": ("", "how many positions only the fund holds"),
    "only_in_other": ("", "how many positions only the other fund holds"),
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
