"""A line chart as an SVG, for what the benchmarks find."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 130, 40, 50
FONT = 'font-family="sans-serif" font-size="13"'
COLOURS = ("#1b6ca8", "#c8553d", "#3c8d40", "#7d4e9e", "#8a6d1d")


@dataclass(frozen=True)
class Axis:
    label: str
    ticks: Sequence[tuple[float, str]]
    """Where, and what is written there; the axis goes from the first to the last."""
    scale: Callable[[float], float] = float
    """math.log10 makes it logarithmic."""

    def place(self, value: float) -> float:
        """From 0 to 1."""
        low, high = (self.scale(tick) for tick in (self.ticks[0][0], self.ticks[-1][0]))
        return (self.scale(value) - low) / (high - low)


@dataclass(frozen=True)
class Series:
    name: str
    line: Sequence[tuple[float, float]]
    dots: Sequence[tuple[float, float]] = ()


def chart(title: str, x: Axis, y: Axis, series: Sequence[Series]) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT

    def point(at: tuple[float, float]) -> tuple[float, float]:
        return LEFT + x.place(at[0]) * (right - LEFT), bottom - y.place(at[1]) * (bottom - TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {FONT}>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 24, title, weight="bold"),
    ]
    for value, label in x.ticks:
        at, _ = point((value, y.ticks[0][0]))
        parts += [_line((at, TOP), (at, bottom)), _text(at, bottom + 18, label, "middle")]
    for value, label in y.ticks:
        _, at = point((x.ticks[0][0], value))
        parts += [_line((LEFT, at), (right, at)), _text(LEFT - 8, at + 4, label, "end")]
    parts.append(_text((LEFT + right) / 2, HEIGHT - 12, x.label, "middle"))
    middle = (TOP + bottom) / 2
    parts.append(f'<g transform="rotate(-90 16 {middle:.1f})">{_text(16, middle, y.label, "middle")}</g>')
    for number, (colour, one) in enumerate(zip(COLOURS, series, strict=False)):
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in map(point, one.line))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="{colour}"/>' for a, b in map(point, one.dots)]
        parts.append(_text(right + 12, TOP + 16 + 20 * number, one.name, colour=colour, weight="bold"))
    return "\n".join([*parts, "</svg>", ""])


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    return f'<path d="M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}" stroke="#dddddd"/>'


def _text(
    x: float, y: float, words: str, anchor: str = "start", *, colour: str = "#222222", weight: str = "normal"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" font-weight="{weight}">{escape(words)}</text>'
