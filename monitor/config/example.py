"""The commented `monitor.toml` that `init` writes. It loads as it is; a test proves it."""

from __future__ import annotations

from collections.abc import Sequence

TEXT = """\
# holdings-monitor: what to watch, and whom to tell.
# Every key can also come from the environment: HOLDINGS_MONITOR_DATABASE, HOLDINGS_MONITOR_DAEMON__TIME_ZONE, …
# Relative paths start at this file's folder.

database = "sqlite:///holdings.db"    # or "postgresql://monitor@dbhost/holdings"
# Where a password is part of the address, a file can hold it: `database_file` instead of `database`.
# database_connections = 12           # most of one process to PostgreSQL; see deploy/POSTGRES.md
# sources_dir = "issuers"             # your own issuer descriptions (TOML)
# funds_file = "funds.toml"           # what `funds add` adds

# --- what to watch: one block per issuer. Without `funds`: all of its funds that we can read. ---
{watch}
# [issuers.{issuer}]
# base_url = "https://mirror.example"  # replaces scheme and host of every address of this issuer
# allow_private = false                # may a mirror be on a private network?
# min_interval = 5                     # seconds between two requests

# [issuers.{issuer}.urls]              # where a fund's file is now, when it was renamed: notices propose this line
# ARKK = "https://files.example/ARKK_HOLDINGS.csv"

[alerts]
min_severity = "normal"    # "high", "normal" or "low": what is told at once
# channels = ["console"]   # who gets alerts; default: every channel below
# operator_channels = []   # who hears that something is broken; default: every channel below
# digest = "daily"         # what is less loud: in a "daily" or "weekly" digest, or "never"
# flood = 20               # more messages at once than this in an hour become one; 0: no limit
# all_clear = "18:00"      # once a day at this time (of daemon.time_zone): what was looked at, and that all is well

# --- who hears of what else, or later: see "Rules, digests, quiet hours" in the README, and `rules try`. ---
# [[rules]]
# name = "Watchlist"
# issuers = ["{issuer}"]                 # also funds = ["…"], securities = ["BABA"], kinds = ["EXITED"]
# severities = ["high", "normal"]      # also min_value = 1_000_000, min_bp = 50, min_absence = 250, min_score = 60
# channels = ["console"]               # default: who gets alerts
# deliver = "now"                      # "now", "daily", "weekly" or "never"
# enabled = true

# [[mutes]]
# kinds = ["ROLLED"]                   # also issuers, funds, securities
# until = 2027-06-30                   # to the end of this day
# note = "known"

[daemon]
poll = ["06:30", "08:30", "18:30", "20:30"]    # every day, Monday mornings included
time_zone = "America/New_York"
# interval_minutes = 60    # additionally, every so many minutes
# tight_minutes = 10       # how often while a file is expected and not there
# spread_seconds = 60      # up to so much later, each issuer at a moment of its own
# tick_seconds = 10        # how often the database is asked what is due
# fetchers = 4             # issuers asked at the same time
# lease_seconds = 90       # a daemon silent for so long is taken to be gone; another one takes over its work
# deliver_seconds = 10     # how often waiting messages are looked at
# log = "json"             # one JSON object a line; "text" is for people
# log_level = "info"       # "debug", "info", "warning" or "error"

# [blindness]              # operators hear once when we cannot see, and once when we see again
# enabled = true
# failures = 3             # looks in vain in a row
# late_factor = 1.5        # times a file's usual delay

# [heartbeat]                # a dead-man's switch: asked while all is well
# url_env = "HEARTBEAT_URL"  # or url_file
# every_minutes = 5

# [sec]                      # `backfill --via nport` asks the SEC, which asks who is asking
# contact = "Your Name you@example.org"
# base_url = "https://www.sec.gov"
# allow_private = false
# min_interval = 0.25        # seconds between two requests

# [wayback]                  # `backfill --via wayback`
# base_url = "https://web.archive.org"
# min_interval = 4

[web]
enabled = false            # `run` answers /healthz, /readyz and /metrics
# page = true              # … and serves the page and the HTTP API, as `serve` does
# host = "127.0.0.1"       # any other address needs a token
# port = 8765
# url = "https://monitor.example.org"    # where people reach the page: alerts link to it; with https cookies are secure
# token_env = "MONITOR_WEB_TOKEN"
# operator_token_env = "MONITOR_OPERATOR_TOKEN"    # who shows it may accept and reject files on the page
# hosts = ["holdings.example.org"]       # further names it is reached by

# --- whom to tell: one block per channel, the name is yours. Secrets stay in variables or files. ---
[channels.console]
type = "console"

# [channels.log]
# type = "file"                        # JSON lines
# path = "alerts.jsonl"
# pace = 0                             # any channel: seconds between two messages; default: the channel's own
# quiet = "22:00-07:00"                # any channel: messages wait for the end of these hours
# quiet_except = ["high"]              # … but not these
# digest_at = "18:00"                  # any channel: when its digests come
# digest_day = "fri"                   # … the weekly ones
# time_zone = "Europe/Berlin"          # of these times; default: that of the daemon

# [channels.slack]
# type = "slack"                       # an app with chat:write; with channels:history nothing comes twice
# channel = "C0123456789"
# token_env = "SLACK_BOT_TOKEN"        # or token_file = "slack.token"
# charts = false                       # a picture of the position under alerts: needs the scope files:write
# interactive = false                  # buttons under alerts and a slash command: deploy/slack-manifest.yaml
# app_token_env = "SLACK_APP_TOKEN"    # needed by these: an app token with connections:write

# [channels.hook]
# type = "slack-webhook"
# url_env = "SLACK_WEBHOOK_URL"

# [channels.mail]
# type = "mail"
# host = "smtp.example.org"
# port = 587
# security = "starttls"                # "starttls", "tls" or "none"
# user = "monitor"
# password_file = "smtp.password"      # or password_env
# from = "Holdings monitor <monitor@example.org>"
# to = ["desk@example.org"]
# charts = true                        # a picture of the position: pip install "holdings-monitor[png]"
# unsubscribe = "mailto:desk-leader@example.org"    # List-Unsubscribe; default: mail to `from`

# [channels.service]
# type = "webhook"                     # any web service: one JSON POST per message
# url_env = "SERVICE_URL"
# secret_env = "SERVICE_SECRET"        # signs it (Standard Webhooks); without it nothing is signed

# [channels.phone]
# type = "apprise"                     # Telegram, Teams, Discord, ntfy: pip install "holdings-monitor[apprise]"
# url_env = "APPRISE_URL"
"""


def example_config(issuers: Sequence[str]) -> str:
    """The text of a first `monitor.toml` watching `issuers` (their ids)."""
    watch = "".join(f'\n[[watch]]\nissuer = "{issuer}"\n# funds = ["…"]\n' for issuer in issuers)
    if not issuers:
        watch = '\n# [[watch]]\n# issuer = "ark"\n# funds = ["ARKK", "ARKW"]\n'
    return TEXT.format(watch=watch, issuer=issuers[0] if issuers else "ark")
