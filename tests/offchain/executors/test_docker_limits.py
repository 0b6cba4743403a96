"""Docker executor: jobs that want more than they may have. All of them end, and end as results."""

from __future__ import annotations

import pytest

from lilypad.types import ExitStatus

from .docker_rig import MIB, SECOND, Rig

pytestmark = pytest.mark.docker

SPIN = "print('on my way', flush=True)\nwhile True: pass"
IGNORE_SIGTERM = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open("/outputs/begun", "w").close()
while True: time.sleep(100)
"""
FORK_BOMB = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""
TRY_TO_KILL_THE_WARDEN = """
import os, signal
for number in range(1, 65):
    try: os.kill(1, number)
    except OSError: pass
while True: pass
"""
MEMORY_BOMB = "hoard = []\nwhile True: hoard.append(bytearray(1 << 20))"
FORKED_MEMORY_BOMB = f"""
import os
if os.fork() == 0:
    {MEMORY_BOMB.replace(chr(10), chr(10) + "    ")}
os.wait()
print("the child is gone, I am not")
"""
FILL = """
import errno
def fill(path):
    written = 0
    try:
        with open(path, "wb", buffering=0) as file:
            while True: written += file.write(bytes(65536))
    except OSError as error:
        return written, errno.errorcode[error.errno]
print(fill("/outputs/disk"), fill("/tmp/disk"), fill("/dev/shm/disk"))
"""
MANY_FILES = """
import errno, itertools
try:
    for n in itertools.count(): open(f"/outputs/{n}", "w").close()
except OSError as error:
    print(n, errno.errorcode[error.errno])
"""
FLOOD = """
import os
block = b"0123456789" * 1000
for _ in range(3000): os.write(1, block)
os.write(2, block + b"!")
"""
LINKS = """
import os
open("/outputs/0", "wb").write(bytes(1 << 20))
for n in range(1, 10): os.link("/outputs/0", f"/outputs/{n}")
"""
LEAVE_CHILD = """
import os, time
if os.fork() == 0:
    os.setsid()
    while True: time.sleep(100)
print("the end", flush=True)
"""


@pytest.mark.parametrize("script", [SPIN, FORK_BOMB, TRY_TO_KILL_THE_WARDEN], ids=["spin", "forks", "signals"])
async def test_cpu_time__used_up__is_out_of_budget_without_output(rig: Rig, script: str) -> None:
    result, job = await rig.run(script, instructions=SECOND // 2)

    assert result.exit_status == ExitStatus.OUT_OF_BUDGET
    assert result.instruction_count == SECOND // 2
    assert job.exit_code == b"256\n"
    assert job.is_empty()


async def test_wall_clock__sleeper_that_ignores_sigterm__is_out_of_budget_without_output(rig: Rig) -> None:
    result, job = await rig.run(IGNORE_SIGTERM, wall_seconds=0.7)

    assert result.exit_status == ExitStatus.OUT_OF_BUDGET
    assert result.instruction_count == job.spec.limits.instructions
    assert job.is_empty()


async def test_wall_clock__child_left_behind__does_not_hold_the_job_up(rig: Rig) -> None:
    result, job = await rig.run(LEAVE_CHILD)

    assert result.exit_status == 0
    assert job.stdout == b"the end\n"


@pytest.mark.parametrize("script", [MEMORY_BOMB, FORKED_MEMORY_BOMB], ids=["alone", "in a child"])
async def test_memory__used_up__is_trapped_without_output(rig: Rig, script: str) -> None:
    result, job = await rig.run(script, memory_bytes=32 * MIB)

    assert result.exit_status == ExitStatus.TRAPPED
    assert 0 < result.instruction_count < job.spec.limits.instructions
    assert job.exit_code == b"257\n"
    assert job.is_empty()


async def test_memory__all_of_it_in_files__is_trapped_without_output(rig: Rig) -> None:
    result, job = await rig.run(FILL, memory_bytes=16 * MIB, output_bytes=16 * MIB)

    assert result.exit_status == ExitStatus.TRAPPED
    assert job.is_empty()


async def test_disk__filled__is_the_modules_own_error(rig: Rig) -> None:
    result, job = await rig.run(FILL, memory_bytes=128 * MIB, output_bytes=2 * MIB)

    assert result.exit_status == 0
    assert job.stdout == b"(2097152, 'ENOSPC') (16777216, 'ENOSPC') (16777216, 'ENOSPC')\n"
    assert job.outputs == {"disk": bytes(2 * MIB)}


async def test_disk__too_many_files__is_the_modules_own_error(rig: Rig) -> None:
    result, job = await rig.run(MANY_FILES)

    assert result.exit_status == 0
    assert job.stdout == b"16383 ENOSPC\n"
    assert len(job.outputs) == 16383


async def test_disk__no_room_at_all__still_runs(rig: Rig) -> None:
    result, _ = await rig.run("open('/outputs/empty', 'w').close()", output_bytes=0, log_bytes=0)

    assert result.exit_status == 0


@pytest.mark.parametrize(
    "script",
    ["import os; os.truncate(os.open('/outputs/z', os.O_CREAT | os.O_RDWR), 1 << 40)", LINKS],
    ids=["sparse file", "hard links"],
)
async def test_outputs__that_claim_more_than_was_written__are_trapped(rig: Rig, script: str) -> None:
    result, job = await rig.run(script)

    assert result.exit_status == ExitStatus.TRAPPED
    assert job.is_empty()


async def test_logs__flood__is_cut_off_at_exactly_the_limit(rig: Rig) -> None:
    result, job = await rig.run(FLOOD, log_bytes=10_000)

    assert result.exit_status == 0
    assert job.stdout == b"0123456789" * 1000
    assert job.stderr == b"0123456789" * 1000


async def test_instruction_count__of_a_busy_job__is_its_cpu_time(rig: Rig) -> None:
    script = """
import time
while time.process_time() < 0.5: pass
time.sleep(0.5)
"""
    result, _ = await rig.run(script)

    assert SECOND // 2 <= result.instruction_count < SECOND * 8 // 10
