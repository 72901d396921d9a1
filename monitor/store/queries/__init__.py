"""One function per question, each returning frozen results sorted by meaning. Nothing here writes."""

from monitor.store.queries.applied import IdentityRow, SplitRow, identity_changes, splits_applied
from monitor.store.queries.calling import called, shared_tickers
from monitor.store.queries.caused import Caused, caused_by
from monitor.store.queries.changes import Change, Level, Wanted, change, changes
from monitor.store.queries.coverage import CoverageRow, FundRow, IssuerRow, coverage, funds, issuers
from monitor.store.queries.dealings import Dealings, NextFile, SizedTrade, dealings
from monitor.store.queries.durations import FundSpell, spells_of_funds
from monitor.store.queries.evidence import PresenceRow, interval_claims, presence, schedules
from monitor.store.queries.filed import (
    FileLine,
    HeldLine,
    accepted_files,
    joined_for,
    latest_files,
    lines_of,
    lines_on,
)
from monitor.store.queries.files import FileRef, files_of
from monitor.store.queries.grounds import links_of, splits_of
from monitor.store.queries.held import HeldFile, RefusedFile, find_held, held_files, refused_files
from monitor.store.queries.identities import (
    Identity,
    SecurityRecord,
    find_identities,
    first_listed,
    links_between,
    record_of,
)
from monitor.store.queries.knowledge import RevisionRow, Span, revisions
from monitor.store.queries.matching import MatchRow, matches
from monitor.store.queries.moves import Dealt, EndedSpell, Step, dealt, ended_spells, spell_names, steps, traded_lines
from monitor.store.queries.names import (
    FundRef,
    Groups,
    closed_funds,
    find_fund,
    funds_by_id,
    funds_known,
    groups,
    groups_by_fund,
    groups_of_funds,
    issuer_code,
    keys_by_id,
    refs,
    refs_by_fund,
)
from monitor.store.queries.pairs import PairOfFiles, pairs
from monitor.store.queries.portfolios import (
    Difference,
    Holding,
    difference,
    factor_between,
    file_on,
    funds_listing,
    holdings,
    splits_by_fund,
    who_holds,
)
from monitor.store.queries.reach import MORE, Reach, reach, whose
from monitor.store.queries.search import FoundSecurity, find_security
from monitor.store.queries.spells import Material, SpellRow, count_sessions, history, last_material
from monitor.store.queries.state import needs_attention, status
from monitor.store.queries.status_row import StatusRow
from monitor.store.queries.tracks import Filed, PositionRow, adjusted, position, tracks
from monitor.store.queries.trades import TradeRow, TradesWanted, later_splits, trades
from monitor.store.queries.turns import TurnRow, interval_turns

__all__ = [
    "MORE",
    "Caused",
    "Change",
    "CoverageRow",
    "Dealings",
    "Dealt",
    "Difference",
    "EndedSpell",
    "FileLine",
    "FileRef",
    "Filed",
    "FoundSecurity",
    "FundRef",
    "FundRow",
    "FundSpell",
    "Groups",
    "HeldFile",
    "HeldLine",
    "Holding",
    "Identity",
    "IdentityRow",
    "IssuerRow",
    "Level",
    "MatchRow",
    "Material",
    "NextFile",
    "PairOfFiles",
    "PositionRow",
    "PresenceRow",
    "Reach",
    "RefusedFile",
    "RevisionRow",
    "SecurityRecord",
    "SizedTrade",
    "Span",
    "SpellRow",
    "SplitRow",
    "StatusRow",
    "Step",
    "TradeRow",
    "TradesWanted",
    "TurnRow",
    "Wanted",
    "accepted_files",
    "adjusted",
    "called",
    "caused_by",
    "change",
    "changes",
    "closed_funds",
    "count_sessions",
    "coverage",
    "dealings",
    "dealt",
    "difference",
    "ended_spells",
    "factor_between",
    "file_on",
    "files_of",
    "find_fund",
    "find_held",
    "find_identities",
    "find_security",
    "first_listed",
    "funds",
    "funds_by_id",
    "funds_known",
    "funds_listing",
    "groups",
    "groups_by_fund",
    "groups_of_funds",
    "held_files",
    "history",
    "holdings",
    "identity_changes",
    "interval_claims",
    "interval_turns",
    "issuer_code",
    "issuers",
    "joined_for",
    "keys_by_id",
    "last_material",
    "later_splits",
    "latest_files",
    "lines_of",
    "lines_on",
    "links_between",
    "links_of",
    "matches",
    "needs_attention",
    "pairs",
    "position",
    "presence",
    "reach",
    "record_of",
    "refs",
    "refs_by_fund",
    "refused_files",
    "revisions",
    "schedules",
    "shared_tickers",
    "spell_names",
    "spells_of_funds",
    "splits_applied",
    "splits_by_fund",
    "splits_of",
    "status",
    "steps",
    "tracks",
    "traded_lines",
    "trades",
    "who_holds",
    "whose",
]
