"""Fit a linear regression to a CSV file: ordinary least squares, or ridge with a penalty.

Reads a table with a header, uses every other column as a feature of the target column, and writes
model.json and predictions.csv. Only IEEE arithmetic in a fixed order: the same bits everywhere.
"""

import argparse
import csv
import json
import math
import sys
from pathlib import Path


class InputError(Exception):
    pass


def read_table(path, target):
    """The feature names, the rows of features, the target values."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.reader(file))
    if not rows:
        raise InputError("the table is empty")
    header, *body = rows
    if target not in header:
        raise InputError(f"no column {target!r}; there are: {', '.join(header)}")
    column = header.index(target)
    features, values = [], []
    for number, row in enumerate(body, start=2):
        if not row:
            continue
        if len(row) != len(header):
            raise InputError(f"line {number}: {len(row)} cells, but the header has {len(header)}")
        try:
            cells = [float(cell) for cell in row]
        except ValueError as error:
            raise InputError(f"line {number}: {error}") from None
        if not all(map(math.isfinite, cells)):
            raise InputError(f"line {number}: every cell must be a finite number")
        values.append(cells.pop(column))
        features.append(cells)
    names = header[:column] + header[column + 1 :]
    if len(values) <= len(names):
        raise InputError(f"{len(names)} features need at least {len(names) + 1} rows, found {len(values)}")
    return names, features, values


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b, strict=True))


def mean(values):
    return math.fsum(values) / len(values)


def solve(matrix, right):
    """Gaussian elimination with partial pivoting on a small symmetric system."""
    n = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        if abs(rows[i][i]) < 1e-12:
            raise InputError("the features depend on each other; remove one or give --ridge above 0")
        for r in range(i + 1, n):
            factor = rows[r][i] / rows[i][i]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    solution = [0.0] * n
    for i in reversed(range(n)):
        solution[i] = (rows[i][n] - dot(rows[i][i + 1 : n], solution[i + 1 :])) / rows[i][i]
    return solution


def fit(features, values, ridge):
    """Coefficients and intercept. Columns are centred and scaled first, so that units do not matter."""
    columns = list(zip(*features, strict=True))
    centres = [mean(column) for column in columns]
    scales = [math.sqrt(mean([(x - c) ** 2 for x in column])) for column, c in zip(columns, centres, strict=True)]
    if 0.0 in scales:
        raise InputError("a feature has the same value in every row")
    scaled = [[(x - c) / s for x in column] for column, c, s in zip(columns, centres, scales, strict=True)]
    middle = mean(values)
    centred = [value - middle for value in values]
    n = len(values)
    gram = [[dot(a, b) / n + (ridge if i == j else 0.0) for j, b in enumerate(scaled)] for i, a in enumerate(scaled)]
    weights = solve(gram, [dot(a, centred) / n for a in scaled])
    coefficients = [w / s for w, s in zip(weights, scales, strict=True)]
    return coefficients, middle - dot(coefficients, centres)


def score(values, predicted):
    middle = mean(values)
    residual = math.fsum((v - p) ** 2 for v, p in zip(values, predicted, strict=True))
    total = math.fsum((v - middle) ** 2 for v in values)
    r2 = 1.0 - residual / total if total else 1.0
    return r2, math.sqrt(residual / len(values))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--ridge", type=float, default=0.0)
    parser.add_argument("--outputs", type=Path, default=Path("/outputs"))
    arguments = parser.parse_args()

    names, features, values = read_table(arguments.table, arguments.target)
    coefficients, intercept = fit(features, values, arguments.ridge)
    predicted = [intercept + dot(coefficients, row) for row in features]
    r2, rmse = score(values, predicted)

    model = {
        "target": arguments.target,
        "ridge": arguments.ridge,
        "rows": len(values),
        "intercept": intercept,
        "coefficients": dict(zip(names, coefficients, strict=True)),
        "r2": r2,
        "rmse": rmse,
    }
    (arguments.outputs / "model.json").write_text(json.dumps(model, indent=2) + "\n")
    lines = [f"{value!r},{guess!r}\n" for value, guess in zip(values, predicted, strict=True)]
    (arguments.outputs / "predictions.csv").write_text(f"{arguments.target},predicted\n{''.join(lines)}")

    terms = "".join(f" {c:+.6g} * {name}" for name, c in model["coefficients"].items())
    sys.stdout.write(f"{arguments.target} = {intercept:.6g}{terms}\n")
    sys.stdout.write(f"{len(values)} rows, R2 {r2:.6f}, RMSE {rmse:.6g}\n")


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        sys.exit(f"linreg: {error}")
