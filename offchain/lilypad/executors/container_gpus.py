"""Whole GPUs for containers: who has which is written on the containers themselves, so it survives every restart.

The engine hands a device in with the NVIDIA Container Toolkit, as `docker run --gpus device=...` does.
"""

from __future__ import annotations

import io
import tarfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from docker import DockerClient, errors
from docker.types import DeviceRequest

from lilypad.errors import ExecutorFaultError
from lilypad.executors.container_engine import connect, engine_faults
from lilypad.executors.container_policy import LABEL_GPUS, warden_binary
from lilypad.executors.gpus import find_gpus

CAPABILITIES = [["gpu", "compute", "utility"]]
HOLDING = ["created", "running", "paused", "restarting"]


def _here() -> list[str]:
    return [gpu.id for gpu in find_gpus()]


class Gpus:
    """Those that one executor may hand out.

    Args:
        find: names them as the engine knows them. The default is all of this machine.
    """

    def __init__(self, find: Callable[[], Sequence[str]] = _here) -> None:
        self._find = find
        self._choosing = threading.Lock()

    @contextmanager
    def free(self, engine: DockerClient, number: int) -> Iterator[Sequence[str]]:
        """So many devices that no container has. Nobody else of this process chooses before the block is left: create
        the container inside.

        Raises:
            ExecutorFaultError: there are not so many free.
        """
        if number == 0:
            yield ()
            return
        with self._choosing:
            there = self._find()
            held = _held(engine)
            free = [name for name in there if name not in held]
            if len(free) < number:
                raise ExecutorFaultError("not so many GPUs are free", wanted=number, free=len(free), there=len(there))
            yield free[:number]


def device_requests(names: Sequence[str]) -> list[DeviceRequest]:
    return [DeviceRequest(device_ids=list(names), capabilities=CAPABILITIES)] if names else []


def _held(engine: DockerClient) -> set[str]:
    """By containers of any agent on this engine."""
    chosen: dict[str, Any] = {"label": LABEL_GPUS, "status": HOLDING}
    containers = engine.containers.list(all=True, filters=chosen, ignore_removed=True)
    return {name for container in containers for name in container.labels[LABEL_GPUS].split(",")}


def check_gpus(base_url: str) -> None:
    """Try whether a container can have this machine's GPUs, with all of them.

    Raises:
        ExecutorFaultError: it cannot, or there is no engine.
    """
    if names := _here():
        engine = connect(base_url)
        try:
            with engine_faults("a trial of the GPUs"):
                _try(engine, names)
        finally:
            engine.close()


def _try(engine: DockerClient, names: Sequence[str]) -> None:
    """A container of nothing but a program that ends at once. Devices that are in use may be given twice here: it
    does nothing with them."""
    tag = f"lilypad-gpu-check:{uuid.uuid4().hex}"
    engine.api.import_image_from_data(_image(), *tag.split(":"))
    try:
        request = device_requests(names)
        container = engine.containers.create(tag, ["/warden"], device_requests=request, network_mode="none")
        try:
            container.start()
        finally:
            container.remove(force=True)
    finally:
        with suppress(errors.APIError):
            engine.images.remove(tag, force=True)


def _image() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.add(warden_binary(), "warden")
    return buffer.getvalue()
