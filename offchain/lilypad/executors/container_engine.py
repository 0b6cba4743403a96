"""The way to a Docker engine, and what its faults mean to us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from docker import DockerClient, errors

from lilypad.errors import EngineAwayError, ExecutorFaultError

PATIENCE = 60
"""Seconds."""


def connect(base_url: str) -> DockerClient:
    """
    Raises:
        EngineAwayError: nobody listens there.
    """
    _check_socket(base_url)
    return DockerClient(base_url, timeout=PATIENCE, max_pool_size=32)


def _check_socket(base_url: str) -> None:
    """Say it before docker does, which leaves a socket open when there is nobody to connect to."""
    path = base_url.removeprefix("unix://")
    if path != base_url and not Path(path).is_socket():
        raise EngineAwayError("no Docker engine listens here; is dockerd running?", engine=base_url)


@contextmanager
def engine_faults(execution_id: str) -> Iterator[None]:
    try:
        yield
    except errors.APIError as error:
        kind = EngineAwayError if error.status_code in (404, 409) else ExecutorFaultError  # it is being removed
        raise kind(
            "the Docker engine refused; see its own log", execution=execution_id, reason=error.explanation
        ) from error
    except (errors.DockerException, requests.RequestException) as error:
        raise EngineAwayError(
            "the Docker engine does not answer; is dockerd running?", execution=execution_id, reason=error
        ) from error
