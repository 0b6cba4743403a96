"""Which cases are taken, and on which conditions: those of the day on which they were opened."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lilypad.protocol.deal import DealStatus
from lilypad.protocol.docket import UNIT, Settings
from lilypad.protocol.words import Verification
from tests.contracts.mediation.conftest import refused
from tests.contracts.mediation.court import CourtHouse
from tests.contracts.mediation.town import HOUR, PATIENCE, RIGHT, SETTINGS, WITH_APPEALS


def quote(house: CourtHouse, **changes: Any) -> tuple[int, int]:
    return house.evm.read(house.mediation, "quote", Verification(house.mediation.address, **changes).word())


def test_quote__is_a_fee_for_each_mediator_and_a_bond(house: CourtHouse) -> None:
    assert quote(house, mediators=5) == (5 * SETTINGS.fee * UNIT, SETTINGS.bond * UNIT)


@pytest.mark.parametrize("mediators", [0, 2, 4, 8, 9, 255])
def test_quote__for_an_even_number_or_too_many__is_refused(house: CourtHouse, mediators: int) -> None:
    with refused("Mediation_BadNumber", mediators=mediators, most=7):
        quote(house, mediators=mediators)


def test_quote__in_a_set_with_too_few_members__is_refused(house: CourtHouse) -> None:
    for number in (1, 2):
        house.send(f"mediator {number}", house.mediators, "joinSet", 9)
    with refused("Mediation_TooFewMediators", set=9, members=2, needed=3):
        quote(house, mediator_set=9)
    with refused("Mediation_TooFewMediators"):
        house.challenged(mediator_set=9)


def test_challenge__in_a_window_too_short_for_a_round__is_refused(house: CourtHouse) -> None:
    """Else it would be free compute: challenge, wait until no verdict can come any more, expire."""
    needed = PATIENCE + SETTINGS.voting_time
    house.challenged(mediate=needed)
    deal = house.submitted(mediate=needed - 1)
    with refused("Mediation_WindowTooShort", window=needed - 1, needed=needed):
        house.challenge(*deal)


def test_open__by_anybody_but_the_controller__is_refused(house: CourtHouse) -> None:
    terms, (agreement, _, answer) = house.submitted()
    how, dispute = agreement.verification.word(), house.challenged().docket.dispute.words()
    with refused("Mediation_NotController"):
        house.send("stranger", house.mediation, "open", terms.id, terms.words(), how, answer, dispute)


BAD: list[dict[str, int]] = [
    {"fee": 0},
    {"bond": SETTINGS.fee - 1},
    {"penalty": 2 * SETTINGS.fee - 1},
    {"min_stake": SETTINGS.penalty - 1},
    {"commit": 299},
    {"reveal": 299},
    {"commit": 7 * 24 * HOUR + 1},
    {"silent_percent": 9},
    {"silent_percent": 101},
    {"burn_percent": 9},
    {"burn_percent": 91},
    {"redraws": 6},
    {"appeals": 3, "appeal": HOUR},
    {"appeals": 1},
    {"appeal": HOUR},
    {"appeals": 1, "appeal": 299},
]


@pytest.mark.parametrize("changes", BAD, ids=str)
def test_settings__beyond_their_bounds__are_refused(house: CourtHouse, changes: dict[str, int]) -> None:
    settings = replace(SETTINGS, **changes)
    assert not settings.valid
    with refused("Mediation_BadSettings", settings=settings.word()):
        house.send("governor", house.mediation, "setSettings", settings.word())


def test_settings__at_their_bounds__are_taken(house: CourtHouse) -> None:
    for settings in (
        Settings(1, 1, 2, 2, 300, 300, 0, 10, 10, 0, 0),
        Settings(1, 2**40 - 1, 2**40 - 1, 2**40 - 1, *[7 * 24 * HOUR] * 3, 100, 90, 5, 2),
    ):
        assert settings.valid
        house.send("governor", house.mediation, "setSettings", settings.word())
        assert house.evm.read(house.mediation, "settings") == settings.word()


def test_settings__by_anybody_but_governance__are_refused(house: CourtHouse) -> None:
    with refused("OwnableUnauthorizedAccount", account=house.address("stranger").lower()):
        house.send("stranger", house.mediation, "setSettings", WITH_APPEALS.word())


def test_change_of_settings__touches_no_running_case(house: CourtHouse) -> None:
    case = house.open()
    changed = replace(WITH_APPEALS, fee=1, penalty=2, min_stake=10_000_000, commit=300, reveal=300)
    house.send("governor", house.mediation, "setSettings", changed.word())
    house.evm.now = case.time + SETTINGS.commit
    ballots = house.ballots(case, RIGHT)
    house.commit(case, ballots)
    house.evm.now += SETTINGS.reveal
    house.tally(case, ballots)
    assert house.status(case) == DealStatus.ACCEPTED
    assert house.mediator(case.docket.seats[0])[4] == SETTINGS.fee * UNIT
    assert house.nothing_is_bound()


def test_docket__with_other_settings_than_the_cases__is_refused(house: CourtHouse) -> None:
    case = house.open()
    forged = replace(case, docket=replace(case.docket, settings=replace(SETTINGS, fee=10**9)))
    with refused("Mediation_WrongDocket"):
        house.commit(forged, house.ballots(forged, RIGHT))


def test_higher_least_stake__excludes_the_smaller_once_they_are_weighed(house: CourtHouse) -> None:
    house.send("governor", house.mediation, "setSettings", replace(SETTINGS, min_stake=300_000).word())
    for account in house.weights:
        house.send("stranger", house.mediators, "weigh", account)
    house.pass_epoch()
    assert house.evm.read(house.mediators, "setOf", 0) == (9, 0)
