"""What halmos calls to solve one query, by what is in it.

Shares are products and quotients. A solver that takes them apart into bits is still at it after minutes; cvc5, thinking
of words as numbers with bounds, takes a tenth of a second. Lanes and masks are the other way round: they are bits,
which yices has done in a hundredth, and as numbers they fill the memory.
"""

from __future__ import annotations

import os
import re
import resource
import sys
from pathlib import Path

import cvc5

MOST_MEMORY = 4 << 30
ARITHMETIC = re.compile(r"\b(f_evm_)?bv(mul|u?div|u?rem|s?div|s?rem|smod)")
# As halmos writes a - b: no product.
TIMES_MINUS_ONE = "|".join(re.escape(f"(bvmul (_ bv{2**bits - 1} {bits})") for bits in range(8, 257, 8))


def main(path: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    if ARITHMETIC.search(re.sub(TIMES_MINUS_ONE, "", Path(path).read_text())):
        solve_with_numbers(path)
    else:
        yices = Path(sys.executable).with_name("yices-smt2")
        os.execv(yices, [yices, path])


def solve_with_numbers(path: str) -> None:
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("produce-models", "true")
    solver.setOption("solve-bv-as-int", "sum")
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, path)
    is_possible = False
    while not (command := parser.nextCommand()).isNull():
        # Only an answer that something is possible comes with an example.
        if command.getCommandName() == "get-model" and not is_possible:
            continue
        answer = command.invoke(solver, parser.getSymbolManager())
        is_possible = is_possible or answer.strip() == "sat"
        sys.stdout.write(answer)


if __name__ == "__main__":
    main(sys.argv[1])
