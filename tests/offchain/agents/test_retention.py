"""What may go of what an agent keeps: the rule by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lilypad.agents.work.retention import Kept, Retention, kept, to_release
from lilypad.store.cid import Cid, Codec
from lilypad.store.files import Pin

NOW = 1_000_000.0
DAY = 86_400.0
RULE = Retention(quota=1_000, seconds=7 * DAY)


def cid(number: int) -> Cid:
    return Cid.of(Codec.RAW, bytes([number]))


def result(number: int, days_ago: float, size: int = 100) -> Kept:
    since = NOW - days_ago * DAY
    return Kept(cid(number), size, since, Pin(cid(number), int(since * 1e9), size))


def inputs(number: int, size: int = 100) -> Kept:
    return Kept(cid(number), size, 0.0)


def released(here: list[Kept], *needed: int, excess: int = 0) -> list[Cid]:
    return [each.root for each in to_release(here, {cid(n) for n in needed}, RULE, excess, NOW)]


def test_release__with_room__takes_what_nobody_needed_for_long() -> None:
    assert released([result(1, 6.9), result(2, 7.1)]) == [cid(2)]


def test_release__with_room__leaves_inputs_of_what_has_just_ended() -> None:
    assert released([inputs(1)]) == []


def test_release__short_of_room__takes_inputs_first_and_then_the_oldest() -> None:
    here = [result(1, 3), result(2, 5), inputs(3)]
    assert released(here, excess=1) == [cid(3)]
    assert released(here, excess=101) == [cid(3), cid(2)]
    assert released(here, excess=201) == [cid(3), cid(2), cid(1)]


def test_release__short_of_room__counts_what_goes_by_its_age() -> None:
    assert released([result(1, 8), result(2, 5), inputs(3)], excess=100) == [cid(1)]


def test_release__of_what_is_needed__never() -> None:
    assert released([result(1, 100), inputs(2)], 1, 2, excess=10_000) == []


def test_kept__root_that_was_used_elsewhere__is_as_young_as_that() -> None:
    pin = Pin(cid(1), int((NOW - 9 * DAY) * 1e9), 5)
    (each,) = kept([pin], {}, {cid(1): NOW - DAY})
    assert each.last_needed == NOW - DAY


def test_kept__inputs_that_are_pinned_too__are_there_once() -> None:
    pin = Pin(cid(1), 7, 5)
    assert [each.pin for each in kept([pin], {cid(1): 5}, {})] == [pin]


THINGS = st.lists(st.tuples(st.booleans(), st.floats(0, 20), st.integers(0, 500)), max_size=12)


@given(things=THINGS, needed=st.sets(st.integers(0, 11)), excess=st.integers(-500, 5_000))
def test_release__of_anything__keeps_what_is_needed_and_no_less_than_it_must(
    things: list[tuple[bool, float, int]], needed: set[int], excess: int
) -> None:
    here = [result(n, days, size) if is_pinned else inputs(n, size) for n, (is_pinned, days, size) in enumerate(things)]
    gone = to_release(here, {cid(n) for n in needed}, RULE, excess, NOW)
    may_go = [each for each in here if each.root not in {cid(n) for n in needed}]
    assert len({each.root for each in gone}) == len(gone)
    assert all(each in may_go for each in gone)
    freed = sum(each.size for each in gone)
    assert freed >= min(excess, sum(each.size for each in may_go))
    young = [each for each in gone if each.pin is None or each.last_needed >= NOW - RULE.seconds]
    if young:  # without the last one it would not have been enough
        assert freed - young[-1].size < excess
