"""A copy of the contracts in which every decision tells how it went.

Each condition `c` of the source becomes `Branch.b17(c)`, a function of its own that says `if (c) return true; else
return false;`. Forge counts both ways through it, so a decision is covered when it has gone both ways. Forge alone
counts an `if` without else as covered when it was true once, and counts no `?:`, `&&`, `||`, and no free function.
No line moves.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BRANCHES = "Branch.sol"
MOCKS = "mocks"
MOST_ENCODED = 10


@dataclass(frozen=True)
class Decision:
    file: str
    line: int
    kind: str
    source: str


@dataclass(frozen=True)
class Edit:
    """Text to put in front of the byte `at`."""

    at: int
    text: str


@dataclass(frozen=True)
class Condition:
    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class LongEncoding:
    """abi.encode of more values than the compiler can hold without its optimizer: (start, end) of each argument. In two
    halves, side by side, the bytes are the same: none of them is dynamic."""

    start: int
    end: int
    arguments: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Fork:
    """A try: what is taken is told at the start of each block, true for the first."""

    start: int
    blocks: tuple[int, ...]


def instrument(root: Path, contracts: Path, target: Path, solc: Path) -> list[Decision]:
    """Writes the copy to `target`, and returns its decisions: b0 tells of the first."""
    decisions: list[Decision] = []
    for name, tree in sorted(_trees(root, contracts, solc).items()):
        source = (root / name).read_bytes()
        edits: list[Edit] = []
        inside = Path(name).relative_to(contracts.relative_to(root))
        if inside.parts[0] != MOCKS:
            for found in _decisions(tree):
                edits += _edits(found, len(decisions))
                decisions.append(_describe(name, source, found))
            edits += [edit for long in _long_encodings(tree) for edit in _halve(long)]
            if edits:
                up = "../" * (len(inside.parts) - 1) or "./"
                edits.append(Edit(_after_pragma(tree), f' import {{Branch}} from "{up}{BRANCHES}";'))
        path = target / inside
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, _apply(source, edits))
    _write(target / BRANCHES, _branches(len(decisions)).encode())
    return decisions


def _trees(root: Path, contracts: Path, solc: Path) -> Mapping[str, Any]:
    """The syntax tree of each source, from the compiler."""
    sources = {p.relative_to(root).as_posix(): {"content": p.read_text()} for p in sorted(contracts.rglob("*.sol"))}
    settings = {
        "remappings": ["@openzeppelin/contracts=node_modules/@openzeppelin/contracts"],
        "outputSelection": {"*": {"": ["ast"]}},
    }
    task = json.dumps({"language": "Solidity", "sources": sources, "settings": settings})
    done = subprocess.run([solc, "--standard-json"], input=task, capture_output=True, text=True, cwd=root, check=True)
    output = json.loads(done.stdout)
    errors = [e["formattedMessage"] for e in output.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise ValueError("\n".join(errors))
    return {name: output["sources"][name]["ast"] for name in sources}


# ------------------------------------------------------------ what is decided where


def _decisions(tree: Any) -> Iterator[Condition | Fork]:
    for function in _nodes(tree):
        if function["nodeType"] in ("FunctionDefinition", "ModifierDefinition") and function.get("body"):
            for node in _nodes(function["body"]):
                yield from _decided_by(node)


def _decided_by(node: Any) -> Iterator[Condition | Fork]:
    kind = node["nodeType"]
    if kind in ("YulIf", "YulSwitch", "YulForLoop"):
        raise NotImplementedError(f"a decision in assembly cannot be measured: {kind} at {node['src']}")
    if kind in ("IfStatement", "Conditional", "ForStatement", "WhileStatement", "DoWhileStatement"):
        if node.get("condition"):
            yield _condition(kind.removesuffix("Statement").lower(), node["condition"])
    elif kind == "BinaryOperation" and node["operator"] in ("&&", "||"):
        for side in ("leftExpression", "rightExpression"):
            yield _condition(node["operator"], node[side])
    elif kind == "FunctionCall" and node["expression"].get("name") in ("require", "assert"):
        yield _condition(node["expression"]["name"], node["arguments"][0])
    elif kind == "TryStatement":
        yield Fork(_range(node)[0], tuple(_range(clause["block"])[0] + 1 for clause in node["clauses"]))


def _long_encodings(tree: Any) -> Iterator[LongEncoding]:
    for node in _nodes(tree):
        is_encoding = node["nodeType"] == "FunctionCall" and node["expression"].get("memberName") == "encode"
        if is_encoding and len(node["arguments"]) > MOST_ENCODED:
            yield LongEncoding(*_range(node), tuple(map(_range, node["arguments"])))


def _nodes(tree: Any) -> Iterator[Any]:
    """All nodes below, outer ones first."""
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for child in tree.values():
            yield from _nodes(child)
    elif isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)


def _condition(kind: str, node: Any) -> Condition:
    return Condition(kind, *_range(node))


def _range(node: Any) -> tuple[int, int]:
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length


def _after_pragma(tree: Any) -> int:
    return next(_range(node)[1] for node in tree["nodes"] if node["nodeType"] == "PragmaDirective")


def _describe(name: str, source: bytes, found: Condition | Fork) -> Decision:
    line = source.count(b"\n", 0, found.start) + 1
    if isinstance(found, Fork):
        return Decision(name, line, "try", source[found.start :].split(b"{")[0].decode().strip())
    text = " ".join(source[found.start : found.end].decode().split())
    return Decision(name, line, found.kind, text)


# ------------------------------------------------------------ the copy


def _edits(found: Condition | Fork, number: int) -> list[Edit]:
    if isinstance(found, Fork):
        # Asked for, since the compiler leaves out a call whose answer nobody wants.
        told = (f" require(Branch.b{number}(true));", f" require(!Branch.b{number}(false));")
        return [Edit(at, told[min(nth, 1)]) for nth, at in enumerate(found.blocks)]
    return [Edit(found.start, f"Branch.b{number}("), Edit(found.end, ")")]


def _halve(found: LongEncoding) -> list[Edit]:
    half = len(found.arguments) // 2
    end, start = found.arguments[half - 1][1], found.arguments[half][0]
    return [Edit(found.start, "bytes.concat("), Edit(end, ")"), Edit(start, "abi.encode("), Edit(found.end, ")")]


def _apply(source: bytes, edits: list[Edit]) -> bytes:
    """Outer decisions come first, so of two that begin at one place the outer opens first; closing ones are alike."""
    for _, edit in sorted(enumerate(edits), key=lambda item: (item[1].at, item[0]), reverse=True):
        source = source[: edit.at] + edit.text.encode() + source[edit.at :]
    return source


def _branches(count: int) -> str:
    each = (
        f"    function b{n}(bool c) internal pure returns (bool) {{\n"
        "        if (c) {\n            return true;\n        } else {\n            return false;\n        }\n    }\n"
        for n in range(count)
    )
    return f"// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n\nlibrary Branch {{\n{''.join(each)}}}\n"


def _write(path: Path, content: bytes) -> None:
    """Only what has changed, so that forge compiles nothing twice."""
    if not path.exists() or path.read_bytes() != content:
        temporary = path.with_suffix(f".{os.getpid()}")
        temporary.write_bytes(content)
        temporary.replace(path)
