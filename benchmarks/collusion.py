"""Writes what a coalition of mediators can do into docs/mediation.md: by the formulas, and as played.

python -m benchmarks.collusion

Each cell of the tables is CASES cases of benchmarks/court_game.py, from the first draw to the verdict; each run plays
the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.chart import Axis, Series, chart
from benchmarks.court_game import (
    HONEST,
    SETTINGS,
    TRUE,
    Crowd,
    Plan,
    blindness_earns,
    cheating_earns,
    griefing_earns,
    majority,
    play,
    seats_earn,
    turned,
)
from lilypad.protocol.docket import SILENCE

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "mediation.md"
CHART = ROOT / "docs" / "collusion.svg"
CASES = 10_000
MEMBERS = 300
SHARES = {"5 %": 15, "10 %": 30, "20 %": 60, "1/3": 100, "45 %": 135}
"""Of MEMBERS."""
SEATS = (1, 3, 7, 15)
TOKENS = 1_000
"""Units in a token."""
PRICE, COLLATERAL = 10.0, 100.0
"""Of the examples, in tokens."""


def crowd(colluding: int) -> Crowd:
    return Crowd(MEMBERS, colluding)


# ------------------------------------------------------------------ tables


def chances() -> tuple[list[str], list[Series]]:
    """P(k, s): the table, and the lines with their dots."""
    rows = ["| s | " + " | ".join(f"k = {k}" for k in SEATS) + " |", "| ---: |" + " ---: |" * len(SEATS)]
    dots: dict[int, list[tuple[float, float]]] = {k: [] for k in SEATS}
    for name, colluding in SHARES.items():
        cells = []
        for k in SEATS:
            found = turned(crowd(colluding), Plan(), k, CASES)
            dots[k].append((colluding / MEMBERS, found))
            cells.append(_beside(majority(k, colluding / MEMBERS), found))
        rows.append(f"| {name} | {' | '.join(cells)} |")
    curve = [share / 100 for share in range(51)]
    lines = [Series(f"k = {k}", [(s, majority(k, s)) for s in curve], dots[k]) for k in SEATS]
    return rows, lines


def appeals() -> list[str]:
    """Three seats, then seven, then fifteen; and three silent seats."""
    rows = [
        "| s | nobody appeals | the honest do | both sides do | silent: no verdict |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    plans = (
        Plan(),
        Plan(honest_appeals=True),
        Plan(honest_appeals=True, coalition_appeals=True),
        Plan(vote=SILENCE),
    )
    for name, colluding in SHARES.items():
        p3, p7, p15 = (majority(k, colluding / MEMBERS) for k in (3, 7, 15))
        expected = (p3, p3 * p7 * p15, p15, p3 ** (1 + SETTINGS.redraws))
        cells = [_beside(e, turned(crowd(colluding), plan, 3, CASES)) for e, plan in zip(expected, plans, strict=True)]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return rows


def earnings() -> list[str]:
    """In tokens, on average over the cases: what each kind of dishonesty brings."""
    rows = [f"| s | {' | '.join(SHARES)} |", "| --- |" + " ---: |" * len(SHARES)]
    shares = [(colluding, colluding / MEMBERS) for colluding in SHARES.values()]
    for q in (0.1, 0.5):
        cheated = [(cheating_earns(PRICE, COLLATERAL, q, majority(3, s)), _cheated(n, q)) for n, s in shares]
        rows.append(_row(f"a provider cheats, q = {q:.0%}", cheated))
    griefed = [
        (griefing_earns(SETTINGS, 3, COLLATERAL * TOKENS, majority(3, s)) / TOKENS, _griefed(n)) for n, s in shares
    ]
    rows.append(_row("a challenger griefs", griefed))
    rows.append(_row("seats of one case", [(seats_earn(SETTINGS, 3, s) / TOKENS, _seats_earned(n)) for n, s in shares]))
    return rows


def blindness() -> list[str]:
    chances = (0.02, 0.05, 0.1, 1 / 3)
    head = [f"| w | {' | '.join(f'{w:.0%}' for w in chances)} |", "| --- |" + " ---: |" * len(chances)]
    return [*head, _row("a blind vote", [(blindness_earns(SETTINGS, w) / TOKENS, _blind(w)) for w in chances])]


def _cheated(colluding: int, challenged: float) -> float:
    """Of all cases the first few are challenged."""
    held = round(CASES * challenged)
    won = turned(crowd(colluding), Plan(), 3, held) * held
    return ((CASES - held + won) * PRICE - (held - won) * COLLATERAL) / CASES


def _griefed(colluding: int) -> float:
    """By who is out of the court itself, and has the coalition vote that the right result is wrong."""
    won = turned(crowd(colluding), Plan(claim=TRUE), 3, CASES)
    return griefing_earns(SETTINGS, 3, COLLATERAL * TOKENS, won) / TOKENS


def _seats_earned(colluding: int) -> float:
    among = crowd(colluding)
    return sum(play(among, Plan(), 3, number).seats_earned(among) for number in range(CASES)) / CASES / TOKENS


def _blind(wrong: float) -> float:
    """Three sit in every case, one of them blind: it upholds what is right, and what is wrong."""
    among = Crowd(3, 1)
    bad = round(CASES * wrong)
    plans = [Plan()] * bad + [Plan(claim=TRUE, vote=HONEST)] * (CASES - bad)
    earned = (play(among, plan, 3, number).seats_earned(among) for number, plan in enumerate(plans))
    return sum(earned) / CASES / TOKENS


def _beside(formula: float, played: float) -> str:
    """In percent."""
    digits = 1 if formula >= 0.01 else 2
    exact = f"{100 * formula:.{digits}f}" if formula >= 0.0001 else "< 0.01"
    return f"{exact} % ({100 * played:.{digits}f})"


def _row(what: str, cells: Sequence[tuple[float, float]]) -> str:
    return f"| {what} | {' | '.join(f'{formula:,.2f} ({played:,.2f})' for formula, played in cells)} |"


# ------------------------------------------------------------------ the page


def with_tables(page: str, tables: Mapping[str, Sequence[str]]) -> str:
    """The page with each table between its marks."""
    for name, rows in tables.items():
        start, end = page.index(f"<!-- {name}: "), page.index(f"<!-- end of {name} -->")
        mark = page[start : page.index("\n", start)]
        page = "\n".join([page[:start] + mark, "", *rows, "", page[end:]])
    return page


def main() -> None:
    table, lines = chances()
    percent = [(n / 100, f"{n} %") for n in range(0, 51, 10)]
    axes = Axis("s, the coalition's share of the stake", percent), Axis("P(k, s)", percent)
    CHART.write_text(chart("The chance to win a round of k (dots: played)", *axes, lines))
    tables = {"chances": table, "appeals": appeals(), "earnings": earnings(), "blindness": blindness()}
    PAGE.write_text(with_tables(PAGE.read_text(), tables))


if __name__ == "__main__":
    main()
