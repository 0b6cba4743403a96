"""A cluster's machine keeps a folder for each execution in hand, and nothing of those that are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lilypad.errors import ExecutorFaultError
from lilypad.executors.cluster.places import Places


def test_place__is_empty_and_thrown_away_when_it_is_left(tmp_path: Path) -> None:
    places = Places(tmp_path, "me")
    place = places.take("one")
    (place.folder / "inputs").mkdir()
    places.leave(place)
    assert not place.folder.exists()


def test_place__of_a_process_that_is_no_more__is_taken_over_empty_or_swept(tmp_path: Path) -> None:
    places = Places(tmp_path, "me")
    dead, alive = places.take("dead"), places.take("alive")
    (dead.folder / "inputs").mkdir()
    (dead.folder / "sent").touch()
    os.close(dead.lock)
    again = places.take("dead")
    assert [path.name for path in again.folder.iterdir()] == ["lock"]

    os.close(again.lock)
    with places.sweeping() as busy:
        assert busy == {"alive"}
    assert not dead.folder.exists()
    assert alive.folder.exists()
    places.leave(alive)


def test_place__that_another_process_still_has__is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lilypad.executors.cluster.places.PATIENCE_SECONDS", 0.2)
    places = Places(tmp_path, "me")
    place = places.take("one")
    with pytest.raises(ExecutorFaultError, match="earlier try still runs"):
        places.take("one")
    other = Places(tmp_path, "another").take("one")
    os.close(other.lock)
    places.leave(place)
