"""What a container of Lilypad may do, as data: one pure function from a spec to the engine's arguments.

A module runs as a fixed unprivileged user without capabilities, network or a writable root, under
the engine's default seccomp profile. Every place it can write to is a size-limited tmpfs: /outputs,
/tmp and /dev/shm live in memory and count against `memory_bytes`. Process 1 is our warden
(`warden/warden.c`), which keeps the CPU, wall-clock and log limits and hands the outputs out.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lilypad.errors import ExecutorFaultError, ModuleInvalidError
from lilypad.types import ExecutionSpec, Limits

LABEL_NAMESPACE = "network.lilypad.namespace"
LABEL_EXECUTION = "network.lilypad.execution"
LABEL_SPEC = "network.lilypad.spec"
LABEL_OUTPUT = "network.lilypad.output"
LABEL_LIMITS = "network.lilypad.limits"
LABEL_GPUS = "network.lilypad.gpus"
"""Whose they are while the container runs, separated by commas."""

USER = "10001:10001"
WARDEN_PATH = "/.lilypad/warden"
TMP_BYTES = 16 << 20
MAX_PROCESSES = 128
ULIMITS = {"core": 0, "msgqueue": 0, "nofile": 1024, "stack": 8 << 20}
MAX_OUTPUT_FILES = 16384
LEAST_MEMORY_BYTES = 6 << 20
"""What the engine accepts."""
LEAST_CPU_MILLI = 10
_U62 = (1 << 62) - 1
FIXED_ENVIRONMENT = {
    "HOME": "/tmp",  # noqa: S108 -- inside the container
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
}


@dataclass(frozen=True, slots=True)
class ContainerTicket:
    """What a container's labels tell about the execution in it: enough to collect it after a restart."""

    execution_id: str
    spec_digest: str
    output: Path
    limits: Limits

    def labels(self, namespace: str) -> dict[str, str]:
        return {
            LABEL_NAMESPACE: namespace,
            LABEL_EXECUTION: self.execution_id,
            LABEL_SPEC: self.spec_digest,
            LABEL_OUTPUT: str(self.output.absolute()),
            LABEL_LIMITS: json.dumps(asdict(self.limits)),
        }

    @classmethod
    def from_labels(cls, labels: dict[str, str]) -> ContainerTicket:
        limits = Limits(**json.loads(labels[LABEL_LIMITS]))
        return cls(labels[LABEL_EXECUTION], labels[LABEL_SPEC], Path(labels[LABEL_OUTPUT]), limits)


def spec_digest(spec: ExecutionSpec) -> str:
    return hashlib.sha256(repr(spec).encode()).hexdigest()


def container_name(namespace: str, execution_id: str) -> str:
    """One name per execution: the engine itself refuses to run it twice."""
    digest = hashlib.sha256(f"{namespace}\0{execution_id}".encode()).hexdigest()
    return f"lilypad-{digest[:32]}"


def warden_binary() -> Path:
    path = Path(__file__).parent / "warden" / f"warden-{platform.machine()}"
    if not path.is_file():
        raise ExecutorFaultError(
            "no container warden for this processor; build it as executors/warden/README.md says",
            machine=platform.machine(),
        )
    return path


def check_spec(spec: ExecutionSpec) -> None:
    """Refuse what an engine would refuse too late, or read as "no limit"."""
    limits = spec.limits
    if spec.artifact != f"sha256:{spec.artifact_digest.hex()}" or len(spec.artifact_digest) != 32:
        raise ModuleInvalidError("the image id is not the digest that the spec pins", image=spec.artifact)
    if not spec.argv:
        raise ModuleInvalidError("the command is empty", image=spec.artifact)
    if limits.memory_bytes < LEAST_MEMORY_BYTES:
        raise ModuleInvalidError("a container needs 6 MiB of memory", memory_bytes=limits.memory_bytes)
    if spec.cpu_milli < LEAST_CPU_MILLI:
        raise ModuleInvalidError("a container needs 10 thousandths of a core", cpu_milli=spec.cpu_milli)
    if min(limits.instructions, limits.log_bytes, limits.output_bytes, limits.wall_seconds) < 0:
        raise ModuleInvalidError("a limit is negative", image=spec.artifact)


def tmpfs_options(size: int, mode: str, files: int) -> str:
    uid, gid = USER.split(":")
    size = max(size, 4096)  # a size of 0 would mean no limit
    return f"rw,noexec,nosuid,nodev,size={size},nr_inodes={files},mode={mode},uid={uid},gid={gid}"


def warden_command(spec: ExecutionSpec) -> list[str]:
    limits = spec.limits
    numbers = (limits.instructions, int(limits.wall_seconds * 1000), limits.log_bytes, limits.output_bytes)
    return [WARDEN_PATH, *(str(min(number, _U62)) for number in numbers), "--"]


def engine_log_bytes(limits: Limits) -> int:
    """Room in the engine's log for everything the warden may ever write, so that no line is rotated away."""
    payload = 2 * (2 * limits.log_bytes + limits.output_bytes)
    short_lines = 128 * min(2 * limits.log_bytes, int(limits.wall_seconds * 20))
    return payload + short_lines + MAX_OUTPUT_FILES * 4096


def log_options(limits: Limits) -> dict[str, str]:
    return {"max-size": str(engine_log_bytes(limits)), "max-file": "1", "compress": "false"}


def create_arguments(
    spec: ExecutionSpec, ticket: ContainerTicket, namespace: str, gpus: Sequence[str] = ()
) -> dict[str, Any]:
    """Keyword arguments of docker's `containers.create`, less those that have types of its own."""
    limits = spec.limits
    return {
        "image": spec.artifact,
        "name": container_name(namespace, ticket.execution_id),
        "labels": ticket.labels(namespace) | ({LABEL_GPUS: ",".join(gpus)} if gpus else {}),
        "entrypoint": warden_command(spec),
        "command": list(spec.argv),
        "environment": FIXED_ENVIRONMENT | dict(spec.env),
        "hostname": "lilypad",
        "user": USER,
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "privileged": False,
        "ipc_mode": "private",
        "cgroupns": "private",
        "init": False,  # the warden is process 1
        "stdin_open": False,
        "tty": False,
        "auto_remove": False,
        "healthcheck": {"test": ["NONE"]},
        "pids_limit": MAX_PROCESSES,
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "nano_cpus": spec.cpu_milli * 1_000_000,
        "shm_size": TMP_BYTES,
        "tmpfs": {
            "/tmp": tmpfs_options(TMP_BYTES, "1777", MAX_OUTPUT_FILES),  # noqa: S108
            "/outputs": tmpfs_options(limits.output_bytes, "0700", MAX_OUTPUT_FILES),
        },
    }
