"""Whether an answer that came with status 200 says that there is no file of the day asked for."""

from __future__ import annotations

from monitor.core.errors import ParseError
from monitor.sources.exchange import Fetched
from monitor.sources.read import read_files
from monitor.sources.sniff import refuse_detour
from monitor.sources.spec import Source

LOOKED_AT = 2_000_000  # bytes of a body that are searched for texts


def absence(source: Source, answer: Fetched, name: str, fund: str) -> str:
    """Why `answer` is no file of the day asked for, in words; "" when it may be one or is refused for other reasons."""
    text = answer.body[:LOOKED_AT].decode("utf-8", "replace").casefold() if source.sniff.absent else ""
    said = next((one for one in source.sniff.absent if one in text), None)
    if said is not None:
        return f"the answer says {said!r}"
    if not source.sniff.absent_codes:
        return ""
    try:
        refuse_detour(source, answer.url)
        read_files(source, answer.body, expected_fund=fund, name=name)
    except ParseError as error:
        return str(error) if error.code in source.sniff.absent_codes else ""
    return ""
