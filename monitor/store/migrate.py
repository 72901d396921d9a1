"""Brings a database to the schema of this program, and refuses one it does not know.

Alembic takes half a second to import, so only `migrate` does it; the other questions are answered without it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import inspect, text

from monitor.core.errors import StoreError
from monitor.store.engine import KEPT, Connection, Engine, open_engine, reading, schema_transaction

UPGRADE = "holdings-monitor db upgrade"
Told = Callable[[str, int, int], None]
"""Told what a long migration is at, how far it is and how far it will get."""


def migrations_folder() -> Path:
    """Where the migrations are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


def revisions() -> tuple[str, ...]:
    """All schema revisions this program knows, oldest first."""
    found = (migrations_folder() / "versions").glob("[0-9]*_*.py")
    return tuple(sorted(path.name.partition("_")[0] for path in found))


def head() -> str:
    """The schema revision this program works with."""
    return revisions()[-1]


def current(engine: Engine) -> str | None:
    """The schema revision the database is at; `None` when it has no tables of ours."""
    with reading(engine) as conn:
        return current_of(conn)


def current_of(conn: Connection) -> str | None:
    """As `current`, on a connection that is in use."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def require_current(engine: Engine) -> None:
    """Refuses a database that is empty, older or newer than this program, saying what to do."""
    found = current(engine)
    _refuse_newer(found)
    if found is None:
        raise StoreError(f"The database has no tables yet. Run: {UPGRADE}")
    if found != head():
        raise StoreError(
            f"The database is at schema {found}, this program needs {head()}. Make a backup, then run: {UPGRADE}"
        )


def open_current(url: str, *, read_only: bool = False, kept: int = KEPT) -> Engine:
    """The database at `url`, when its schema is the one this program works with."""
    engine = open_engine(url, read_only=read_only, kept=kept)
    try:
        require_current(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def upgrade(engine: Engine, revision: str | None = None, told: Told | None = None) -> tuple[str | None, str]:
    """The schema revisions before and after; all missing migrations run in one transaction or not at all."""
    target = revision or head()
    with schema_transaction(engine) as conn:
        before = current_of(conn)
        migrate(conn, target, told)
    return before, target


def migrate(conn: Connection, revision: str, told: Told | None = None) -> None:
    """Runs the missing migrations up to `revision` on a connection that `schema_transaction` gave."""
    found = current_of(conn)
    _refuse_newer(found)
    if found is not None and found >= revision:
        return
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": conn, "progress": told})
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    command.upgrade(config, revision)


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in revisions():
        raise StoreError(
            f"The database is at schema {found}, which this program (schema {head()}) does not know: "
            "it was written by a newer version. Install that version; nothing was changed."
        )
