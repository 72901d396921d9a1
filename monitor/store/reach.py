"""Names in a query that would reach beyond the history on PostgreSQL: files, other servers, settings, sessions.

A read-only transaction stops none of these when the role may use them. The names are refused wherever they stand, in
texts and comments, too, so that nothing can hide them. The better wall is a role that may read the views and nothing
else (`deploy/readonly.sql`); this one stands before it.
"""

from __future__ import annotations

import re

from monitor.core.errors import UsageError

BEYOND = re.compile(
    r"""\b(
        pg_(?:read|ls|file|terminate|cancel|reload|rotate|switch|create|drop|advisory|try_advisory|promote|backup|start
            |stop|replication|logical|stat_reset|stat_file|notify|export|import|wal|current_logfile|hba|authid|shadow
            |user_mapping|largeobject|execute|log_backend)\w*
        | lo_\w+ | loread | lowrite
        | dblink\w* | postgres_fdw\w*
        | set_config
        | \w+_to_xml\w* | xmlparse | ts_stat | ts_rewrite | crosstab\w* | connectby  # these run SQL given as text
        | binary_upgrade\w* | currtid\w*
    )\b""",
    re.I | re.X,
)
ESCAPED_NAME = re.compile(r"\bu&\"", re.I)  # U&"\0070g_read_file" spells a name nobody can look for


def check_reach(statement: str) -> None:
    """Raises UsageError for a query that names what reaches beyond the history."""
    found = BEYOND.search(statement)
    if found is not None:
        raise UsageError(f"{found[0]} reaches beyond the history and is not answered here.")
    if ESCAPED_NAME.search(statement):
        raise UsageError('Names with escapes (U&"…") are not answered here: write them out.')
