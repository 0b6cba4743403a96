"""What the doctor says of a cluster that is not there. Of one that is: tests/e2e/test_cluster.py."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import unused_port
from pydantic import ValidationError

from lilypad.doctor.cluster import examine_cluster
from lilypad.doctor.findings import Level
from lilypad.settings import Settings


async def test_cluster__that_nobody_has_set__is_not_mentioned() -> None:
    assert await examine_cluster(Settings()) == []


async def test_cluster__that_does_not_answer__is_broken() -> None:
    (finding,) = await examine_cluster(Settings(cluster=f"127.0.0.1:{unused_port()}"))
    assert finding.level is Level.BROKEN
    assert "no cluster answers here" in finding.text
    assert "ray start --head" in finding.fix


@pytest.mark.parametrize("address", ["ray://head:10001", "local", "head", "head:port"])
def test_cluster__with_an_address_that_ray_would_take_for_something_else__is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="a cluster is HOST:PORT of its head, or auto"):
        Settings(cluster=address)
