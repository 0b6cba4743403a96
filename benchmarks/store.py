"""How long a garbage collection takes: of 10,000 blocks in 2,500 trees, half of them pinned.

python -m benchmarks.store                  takes about a minute: each block is flushed to the disk

Prints lines for docs/benchmarks.md.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lilypad.store import dagpb
from lilypad.store.blocks import LocalBlockStore
from lilypad.store.cid import Codec
from lilypad.store.dag import Block
from lilypad.store.dagpb import Link, PbNode

TREES, LEAVES = 2_500, 3


def tree(number: int) -> list[Block]:
    """Three files of 4 KiB in a directory: the directory last."""
    leaves = [Block.of(Codec.RAW, (b"%d %d " % (number, leaf)).ljust(4096, b".")) for leaf in range(LEAVES)]
    links = tuple(Link(leaf.cid, str(name), len(leaf.data)) for name, leaf in enumerate(leaves))
    return [*leaves, Block.of(Codec.DAG_PB, dagpb.encode(PbNode(links, b"\x08\x01")))]


async def measure(folder: Path) -> dict[str, str]:
    store = LocalBlockStore(folder)
    trees = [tree(number) for number in range(TREES)]
    for some in (trees[at : at + 4] for at in range(0, TREES, 4)):
        await store.put_many(block for blocks in some for block in blocks)
    for blocks in trees[::2]:
        await store.pin(blocks[-1].cid)
    first = await timed(store)
    return {
        f"garbage collection of {TREES * (LEAVES + 1):,} blocks, half of them garbage": first,
        "the same again, with nothing to collect": await timed(store),
    }


async def timed(store: LocalBlockStore) -> str:
    began = time.perf_counter()
    await store.collect()
    return f"{(time.perf_counter() - began) * 1000:.0f} ms"


def main() -> None:
    with TemporaryDirectory(prefix="lilypad-") as folder:
        for what, result in asyncio.run(measure(Path(folder))).items():
            print(f"| {what} | {result} |")  # noqa: T201


if __name__ == "__main__":
    main()
