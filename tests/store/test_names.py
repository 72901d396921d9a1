"""Names get numbers before they are stored, and what was not stored is forgotten: that, and nothing else."""

from __future__ import annotations

from monitor.core.model import AssetClass, Position
from monitor.store.engine import Engine, transaction
from monitor.store.names import Names


def named(letter: str, name: str) -> Position:
    key = f"cusip:{letter * 9}"
    return Position(key, name, letter, letter * 9, AssetClass.EQUITY, None, None, None, (key,))


OLD = [named("A", "QUILLON"), named("B", "ROWANBERRY")]
NEW = [named("A", "QUILLON ROBOTICS"), named("C", "AMBERLY"), named("C", "AMBERLY INC")]


def test_what_was_not_stored_is_forgotten_and_nothing_else(engine: Engine) -> None:
    names = Names()
    with names.kept(), transaction(engine) as conn:
        names.begin()
        names.find(conn, OLD)
        assert names.intern(OLD) == [(-1, -1), (-2, -2)]
        names.write(conn)
    with transaction(engine) as conn:
        names.begin()
        names.find(conn, [*OLD, *NEW])
        stored = names.intern(OLD)
        assert min(min(one) for one in stored) > 0
        known = dict(names._lines), dict(names._listings), dict(names._securities)
        for _ in range(2):  # another try begins as the first did
            (old, first), (new, second), (same, third) = names.intern(NEW)
            assert (old, new, same) == (stored[0][0], -1, -1)
            assert (first, second, third) == (-1, -2, -3)
            names.words.keys[new] = names.words.keys[old] = "a key"
            names.words.listings[second] = ("a key", "", "", "", AssetClass.EQUITY, ())
            names.begin()
            assert (names._lines, names._listings, names._securities) == known
            assert (dict(names.words.keys), names.words.listings) == ({old: "a key"}, {})
            assert names.number(NEW[1].key) is None
