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
    "first_file": ("date", "the date of the first accepted file, or of the first that showed the position"),
    "last_file": ("date", "the date of the last accepted file, or of the last that listed the position"),
    "kind": ("", 'what it is: of a fund active, index …; of a change as listed under "What we say"'),
    "files": ("", "how many accepted files"),
    "closed": ("", "when it ended: a fund's last day; the sessions of an exit"),
    "funds": ("", "tickers of the funds that took part"),
    "fund_count": ("", "how many funds: of an issuer, or that have ever listed a security"),
    "closed_funds": ("", "how many of them have closed"),
    "first": ("session", "first session our files cover; file date where a fund's dates are not calibrated"),
    "last": ("session", "last session our files cover"),
    "sessions": ("sessions", "how many sessions from the first to the last"),
    "gaps": ("", "sessions without a file, each run as from, to, sessions"),
    "quarantined": ("", "files that were not believed"),
    "late": ("", "files first seen after the session that follows theirs; unknown when never polled"),
    "what": ("", "what the row is about"),
    "why": ("", "by what it was found"),
    "id": ("", "our id of the change"),
    "level": ("", "event: of one fund; item: issuer-wide, what people are told"),
    "published_from": ("instant", "last look without this content; unknown when never polled"),
    "published_to": ("instant", "first look with it"),
    "known_at": ("instant", "when we accepted what shows it"),
    "shares_before": ("shares", "shares before, in units of the newer file for trades, else as published"),
    "shares_after": ("shares", "shares after, as published"),
    "active_shares": ("shares", "what the fund's own creations and redemptions do not explain"),
    "weight_before": ("percent points", "part of the fund before"),
    "weight_after": ("percent points", "part of the fund after"),
    "absence_last_held": ("session", "the last session with a line, small remains included"),
    "absence_last_material": ("session", "the last session with a material holding"),
    "absence_sessions": ("sessions", "sessions without a material holding"),
    "absence_days": ("days", "calendar days from the last material holding"),
    "absence_uncovered_sessions": ("sessions", "of these, sessions without a file"),
    "absence_last_shares": ("shares", "size of the last material holding, adjusted for splits since"),
    "absence_last_file": ("date", "the file with the last material holding"),
    "absence_longest_gap": ("session", "the longest run without files within the absence"),
    "absence_longest_gap_sessions": ("sessions", "its length"),
    "absence_exit": ("session", "when the position effectively ended"),
    "claim": ("", "the whole sentence, with what the files do not show"),
    "score": ("points", "how loud it is: from 60 high, from 40 normal"),
    "severity": ("", "high, normal or low"),
    "confidence": ("", "high, or low where the files leave doubt"),
    "status": ("", "current, correction, or superseded"),
    "evidence": ("", "what it rests on: lines of files with date and SHA-256, or a sentence"),
    "basis": ("", "interval: files leave several sessions; schedule: a list beside the daily files says so"),
    "opened": ("session", "when it was entered"),
    "entry_shares": ("shares", "shares at the entry, adjusted for splits"),
    "peak_shares": ("shares", "the largest position, adjusted for splits"),
    "exit_shares": ("shares", "what the exit file still lists"),
    "censored": ("", "left: it was there in the fund's first file, so that the entry is not known; else none"),
    "exit_file": ("date", "the first file that shows a crumb or nothing"),
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
