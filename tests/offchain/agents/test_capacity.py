"""What a provider's machine is divided into."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lilypad.agents.provider.capacity import LEAST, Booking, Wish, choose, next_offer, show, total_of
from lilypad.errors import RejectedError
from lilypad.types import Resources

MACHINE = Resources(cpu_milli=4_000, ram_mib=16_384, disk_mib=100_000)
amounts = st.integers(0, 1 << 20)
resources = st.builds(Resources, amounts, st.integers(0, 16), amounts, amounts, amounts)


def test_next_offer__of_three_places__is_a_third_and_the_first_gets_the_rest() -> None:
    free, parts = Resources(2_000, ram_mib=1_000, disk_mib=10), list[Resources]()
    for left in (3, 2, 1):
        part = next_offer(free, left)
        assert part is not None
        parts.append(part)
        free -= part
    assert [part.cpu_milli for part in parts] == [668, 666, 666]
    assert [part.ram_mib for part in parts] == [334, 333, 333]
    assert [part.disk_mib for part in parts] == [4, 3, 3]
    assert free == Resources()


def test_next_offer__of_devices__keeps_them_whole_and_their_memory_with_them() -> None:
    free = Resources(3_000, gpu=3, ram_mib=3_000, vram_mib=30_000)
    first = next_offer(free, 2)
    assert first is not None
    assert (first.gpu, first.vram_mib) == (2, 20_000)
    second = next_offer(free - first, 1)
    assert second is not None
    assert (second.gpu, second.vram_mib) == (1, 10_000)
    one = next_offer(Resources(3_000, gpu=1, ram_mib=3_000, vram_mib=10_000), 3)
    assert one is not None
    assert (one.gpu, one.vram_mib) == (1, 10_000)


def test_next_offer__where_parts_would_be_too_small__makes_fewer() -> None:
    assert next_offer(Resources(150, ram_mib=1_000), 2) == Resources(150, ram_mib=1_000)
    assert next_offer(Resources(1_000, ram_mib=100), 4) == Resources(1_000, ram_mib=100)
    assert next_offer(Resources(99, ram_mib=1_000), 1) is None
    assert next_offer(Resources(1_000, ram_mib=63), 3) is None


@given(resources, st.integers(1, 12))
def test_next_offer__of_anything__fits_and_is_made_whenever_there_is_enough(free: Resources, places: int) -> None:
    part = next_offer(free, places)
    assert (part is not None) == LEAST.fit_in(free)
    if part is not None:
        assert part.fit_in(free)
        assert LEAST.fit_in(part)


@given(resources, st.integers(1, 12))
def test_next_offers__one_after_the_other__give_everything_away(free: Resources, places: int) -> None:
    for left in range(places, 0, -1):
        part = next_offer(free, left)
        if part is None:
            break
        free -= part
    assert not LEAST.fit_in(free), "somebody could still work with that"


def test_booking__of_a_machine_that_became_smaller__has_nothing_free() -> None:
    booking = Booking(Resources(1_000, ram_mib=512), deals=Resources(1_500, ram_mib=256))
    assert booking.free == Resources(0, ram_mib=256)
    assert dict(booking.samples())["cpu_milli", "deals"] == 1_500


@given(resources, resources)
def test_arithmetic__of_resources__goes_both_ways(one: Resources, other: Resources) -> None:
    both = total_of([one, other])
    assert both - other == both.beyond(other) == one
    assert one.beyond(both) == Resources()
    assert one.fit_in(both)


def test_subtraction__of_more_than_there_is__is_refused() -> None:
    with pytest.raises(ValueError, match="ram_mib"):
        Resources(1_000, ram_mib=1) - Resources(ram_mib=2)


def test_choice__of_nothing__is_the_whole_machine_in_two_places() -> None:
    assert choose(MACHINE, Wish()) == (2, Resources(4_000, ram_mib=16_384, disk_mib=8_192))
    assert choose(Resources(1_000, ram_mib=512, disk_mib=100), Wish()) == (1, Resources(1_000, 0, 512, 0, 100))


def test_choice__of_a_part__is_that_part() -> None:
    wish = Wish(places=3, cpu_milli=1_500, ram_mib=3_000, disk_mib=50_000)
    assert choose(MACHINE, wish) == (3, Resources(1_500, 0, 3_000, 0, 50_000))


@pytest.mark.parametrize(("wish", "found"), [(None, (3, 90_000)), (2, (2, 60_000)), (0, (0, 0))])
def test_choice__of_a_machine_with_devices__has_them_with_their_memory(
    wish: int | None, found: tuple[int, int]
) -> None:
    _, chosen = choose(Resources(4_000, gpu=3, ram_mib=4_096, vram_mib=90_000), Wish(gpu=wish))
    assert (chosen.gpu, chosen.vram_mib) == found


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        (Wish(cpu_milli=4_001), r"4 cores, 16 GiB of memory, 97.7 GiB of disk for jobs; 4.001 cores.* is more"),
        (Wish(ram_mib=17_000), "16.6 GiB of memory.* is more"),
        (Wish(disk_mib=100_001), "is more"),
        (Wish(gpu=1), "1 GPU with 0 MiB is more"),
        (Wish(places=41), r"0.1 cores, 64 MiB of memory: with 4 cores.*there can be 40, not 41"),
        (Wish(places=2, ram_mib=64), "there can be 1, not 2"),
        (Wish(places=1, cpu_milli=99), "there can be 0, not 1"),
    ],
)
def test_choice__of_what_is_not_there__is_refused_and_says_what_is(wish: Wish, says: str) -> None:
    with pytest.raises(RejectedError, match=says):
        choose(MACHINE, wish)


def test_resources__for_people__are_in_their_units() -> None:
    assert show(Resources(1_500, 2, 512, 81_920, 2_560)) == (
        "1.5 cores, 512 MiB of memory, 2.5 GiB of disk, 2 GPUs with 80 GiB"
    )
    assert show(Resources()) == "nothing"
