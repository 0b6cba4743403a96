"""The GPUs of this machine, as their driver tells of them."""

from __future__ import annotations

import logging
import shutil
import subprocess
from dataclasses import dataclass

log = logging.getLogger(__name__)

QUERY = ("--query-gpu=uuid,memory.total", "--format=csv,noheader,nounits")
PATIENCE = 10.0
"""Seconds; a driver that hangs must not keep an agent from starting."""


@dataclass(frozen=True, slots=True)
class Gpu:
    id: str
    """What the driver calls it, also after a reboot with other devices: "GPU-" and a UUID."""
    memory_mib: int


def find_gpus() -> tuple[Gpu, ...]:
    """A driver that does not answer has none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        done = subprocess.run([program, *QUERY], capture_output=True, text=True, timeout=PATIENCE, check=True)
        return parse_gpus(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.warning("gpus_unknown", extra={"error": str(error)})
        return ()


def parse_gpus(text: str) -> tuple[Gpu, ...]:
    """One line for each device, like "GPU-5c1f8b1e-..., 81559".

    Raises:
        ValueError: it is something else.
    """
    lines = (line.rpartition(",") for line in text.split("\n") if line.strip())
    return tuple(Gpu(name.strip(), int(memory)) for name, _, memory in lines)
