"""What the doctor says of a machine that has too little for jobs, or less than its provider has promised."""

from __future__ import annotations

from pathlib import Path

from eth_account import Account

from lilypad.agents.provider.capacity import Booking
from lilypad.agents.provider.machine import probe
from lilypad.agents.provider.running import provider_folder, running_file
from lilypad.doctor.capacity import examine_capacity, judge_booking, judge_machine
from lilypad.doctor.findings import Level
from lilypad.settings import Settings
from lilypad.types import Address, Resources

HALF = Resources(2_000, ram_mib=2_048, disk_mib=1_000)
WHOLE = HALF + HALF


def test_machine__with_something_for_jobs__is_well() -> None:
    assert judge_machine(HALF).level is Level.OK
    assert judge_machine(HALF).text == "2 cores, 2 GiB of memory, 1000 MiB of disk for jobs"


def test_machine__that_is_too_small__is_no_provider_s() -> None:
    finding = judge_machine(Resources(4_000, ram_mib=32))
    assert finding.level is Level.WARNING
    assert "64 MiB" in finding.fix


def test_provider__whose_jobs_use_their_part__needs_only_the_rest() -> None:
    assert judge_booking(Booking(WHOLE, deals=HALF), HALF).level is Level.OK


def test_provider__that_offers_more_than_is_free__is_warned() -> None:
    finding = judge_booking(Booking(WHOLE), HALF)
    assert finding.level is Level.WARNING
    assert "offers 4 cores, 4 GiB" in finding.text
    assert "there are 2 cores, 2 GiB" in finding.text
    assert "--ram" in finding.fix


async def test_capacity__of_a_provider_that_runs__is_what_it_has_promised(tmp_path: Path) -> None:
    account = Address(Account.create().address)
    settings = Settings(data=tmp_path)
    folder = provider_folder(settings, account)
    folder.mkdir(parents=True)
    too_much = probe(tmp_path) + Resources(cpu_milli=1)
    with running_file(folder, "http://here", 2, 1, drains=True) as told:
        told.book(Booking(too_much))
        (finding,) = await examine_capacity(settings, account)
        assert finding.level is Level.WARNING
    (finding,) = await examine_capacity(settings, account)
    assert finding.level is Level.OK, finding.text
