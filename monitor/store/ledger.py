"""The tables of the running program: who works on what, what was promised and sent, where we are blind.

Records, never derived: `db rebuild` does not touch them. As in `schema.py` there is nothing here but tables, and
instants are UTC text.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)

# --- who works on what ----------------------------------------------------------------------------

# A piece of work that one process does at a time: "issuer:ark", "watch", "digest". Every taking raises `token`; who
# writes for the work shows the token of its taking, so that a process that slept through its lease writes nothing.
lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("token", Integer, nullable=False),
    Column("until", String(27), nullable=False),
)

# One running daemon, as it last reported.
worker = Table(
    "worker",
    metadata,
    Column("holder", String(64), primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String(20), nullable=False),
    Column("started_at", String(27), nullable=False),
    Column("seen_at", String(27), nullable=False),
    Column("stopped_at", String(27)),  # null while it runs, or when it was killed
)

# The last run of each tick of each daemon, for the supervisor's view.
tick = Table(
    "tick",
    metadata,
    Column("name", String(24), primary_key=True),
    Column("holder", String(64), primary_key=True),
    Column("started_at", String(27), nullable=False),
    Column("ended_at", String(27)),  # null while it runs
    Column("outcome", String(8), nullable=False),  # running | ok | failed
    Column("detail", Text, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row
)

# How an issuer's server is to be treated: when it may be asked again, and after how many failures in a row.
breaker = Table(
    "breaker",
    metadata,
    Column("issuer", String(40), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("not_before", String(27)),  # null: at once
    Column("detail", Text, nullable=False),
    Column("at", String(27), nullable=False),
)

# --- where we are blind ---------------------------------------------------------------------------

# One notice when it begins, one when it ends. `subject` is "fund:ark/ARKK", "issuer:ark" or "all".
incident = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", String(96), nullable=False),
    Column("kind", String(16), nullable=False),  # late | missing | failing | renamed | closed | stale …
    Column("opened_at", String(27), nullable=False),
    Column("closed_at", String(27)),  # null while it lasts
    Column("headline", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("notice", String(20)),  # the item id of its notice; null: nobody was told (part of a larger one)
    UniqueConstraint("subject", "kind", "opened_at"),
    Index("ix_incident_closed_at", "closed_at"),
)

# --- promises -------------------------------------------------------------------------------------

delivery = Table(
    "delivery",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(80), nullable=False, unique=True),  # item:revision:channel, the idempotency key
    Column("item", String(20), nullable=False),  # an item id, or a notice id; not a foreign key: items are derived
    Column("revision", Integer, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("due_at", String(27), nullable=False),
    Column("state", String(10), nullable=False),  # pending | sending | sent | dead | withdrawn
    Column("attempts", Integer, nullable=False),
    Column("lease_until", String(27)),
    Column("token", Integer, nullable=False),  # fencing: a claim raises it, a record must show it
    Column("message", Text, nullable=False),  # JSON of notify.message.Message
    Column("receipt", Text),  # what the channel answered
    Column("sent_at", String(27)),
    Column("error", Text),
    Column("holder", String(64)),  # whose claim it is, or was
    Index("ix_delivery_state_due_at", "state", "due_at"),
    Index("ix_delivery_item", "item"),
    Index("ix_delivery_channel_created_at", "channel", "created_at"),
    Index("ix_delivery_channel_state", "channel", "state"),
)

# A destination's manners: when it may be written to again (pace, Retry-After, back-off), and how it has been doing.
destination = Table(
    "destination",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("not_before", String(27)),  # null: at once
    Column("failures", Integer, nullable=False),  # in a row
    Column("last_error", Text),
    Column("last_sent_at", String(27)),
    Column("told_at", String(27)),  # since when operators know that it fails; null: it is well, or nobody was told
)

# What a channel hears of later, in one message with others: an item's message, waiting for `due_at`.
digest_entry = Table(
    "digest_entry",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("item", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("cadence", String(8), nullable=False),  # daily | weekly | flood
    Column("severity", String(8), nullable=False),
    Column("created_at", String(27), nullable=False),
    Column("due_at", String(27), nullable=False),
    Column("state", String(10), nullable=False),  # waiting | gathered | withdrawn
    Column("digest", String(20)),  # the item id of the digest message that carried it
    Column("message", Text, nullable=False),  # JSON of notify.message.Message
    UniqueConstraint("item", "revision", "channel"),
    Index("ix_digest_entry_state_due_at", "state", "due_at"),
)

# A person's wish not to hear of something until a day. It never ends by being forgotten: `until` is always given.
mute = Table(
    "mute",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scope", String(10), nullable=False),  # security | fund | issuer | kind
    Column("value", String(80), nullable=False),  # public id, issuer/TICKER, issuer code or kind
    Column("label", Text, nullable=False),  # what people call it
    Column("channel", String(40)),  # null: all channels
    Column("until", String(27), nullable=False),
    Column("at", String(27), nullable=False),
    Column("by", Text, nullable=False),  # who said so, and where: "command line", "Slack U012…"
    Column("note", Text, nullable=False),
    Column("ended_at", String(27)),  # when it was lifted early
    Index("ix_mute_until", "until"),
)

# --- what issuers list ----------------------------------------------------------------------------

# The funds an issuer lists, as of its last catalogue that was read. A list, not a fact about holdings.
catalogue = Table(
    "catalogue",
    metadata,
    Column("issuer", String(40), primary_key=True),
    Column("ticker", String(40), primary_key=True),
    Column("name", Text, nullable=False),
    Column("keys", Text, nullable=False),  # JSON object: what its addresses call the fund
    Column("page", Text, nullable=False),
    Column("seen_at", String(27), nullable=False),
)
