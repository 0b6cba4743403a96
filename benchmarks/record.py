"""Measures what each step of a deal and of a dispute costs, and writes it to gas.json.

python -m benchmarks.record
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from benchmarks import gas, gas_mediation

TARGET = Path(__file__).with_name("gas.json")


async def measure() -> dict[str, int]:
    deals, disputes = await gas.measure(), await gas_mediation.measure()
    return dict(sorted((deals | disputes).items()))


def main() -> None:
    TARGET.write_text(json.dumps(asyncio.run(measure()), indent=2) + "\n")
    print(TARGET.read_text(), end="")  # noqa: T201


if __name__ == "__main__":
    main()
