"""Records of the program itself, described as questions for the API: they are no questions about the history, so the
list of those (`registry`) does not have them; their commands are written by hand.
"""

from __future__ import annotations

from monitor.asking.question import Parameter, Question, Want

STATES = ("pending", "sending", "sent", "dead", "withdrawn", "waiting")

RECORDS = (
    Question(
        "quarantine",
        (),
        "running",
        "Files that were not believed and wait for the next file or your word, with the reasons.",
        (Parameter("all", Want.FLAG, "Also refused, discarded and rejected files."),),
        empty="Nothing is quarantined.",
        table=("file", "state", "as_of", "reasons", "place"),
        own_command="quarantine list",
    ),
    Question(
        "alerts",
        (),
        "running",
        "Messages promised, sent or given up, newest first; state=waiting: the lines that wait for a digest.",
        (
            Parameter("state", Want.CHOICE, "Only in this state.", choices=STATES, example="sent"),
            Parameter("channel", Want.TEXT, "Only to this channel.", example="console"),
            Parameter("item", Want.TEXT, "Only about this item; finds the digests that carried it, too."),
            Parameter("failing", Want.FLAG, "Only what failed and is not sent, dead or not."),
        ),
        empty="No alerts.",
        table=("id", "state", "channel", "severity", "created_at", "attempts", "headline", "error"),
        own_command="alerts list",
    ),
    Question(
        "incidents",
        (),
        "running",
        "What we cannot see now: late, failing, renamed, closed, stale or quarantined files, and unreachable issuers.",
        (Parameter("all", Want.FLAG, "Also those that have ended."),),
        empty="No incident lasts.",
        table=("name", "kind", "opened_at", "headline", "detail"),
        own_command="incidents list",
        function="blind_spots",
    ),
)

# What the columns of these records, and of `status`, mean where it is not what they mean in answers about holdings.
MEANINGS: dict[str, str] = {
    "file": "the file, as `quarantine show` names it",
    "state": "where it stands",
    "reasons": "the gates it did not pass, and what they say",
    "place": "where it came from",
    "sha256": "SHA-256 of its bytes",
    "known_at": "when we had it",
    "id": "its number",
    "item": "the item it is about",
    "revision": "1 the first time, more for a correction",
    "channel": "the channel it is for",
    "severity": "how loud it is",
    "attempts": "how often sending was tried",
    "created_at": "when it was promised",
    "due_at": "from when it may be sent",
    "sent_at": "when it was accepted",
    "error": "why the last attempt failed",
    "headline": "its first line",
    "form": "what kind of message it is",
    "cadence": "of the digest it waits for",
    "name": "what it is about: issuer/fund, issuer, or all",
    "kind": "in what way we are blind",
    "opened_at": "since when",
    "closed_at": "until when; null while it lasts",
    "detail": "what is known of it",
    "notice": "the item that told operators",
    "what": "what was looked at",
    "count": "sessions behind, failures in a row, files or messages: see `what`",
    "since": "since when, or the date of its last file",
}
