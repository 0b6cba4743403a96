"""Writes docs/errors.md: every error of our contracts, from the NatSpec above it.

python scripts/export_errors.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eth_utils.crypto import keccak

ROOT = Path(__file__).parent.parent
CONTRACTS = ROOT / "contracts"
TARGET = ROOT / "docs" / "errors.md"

HEAD = """\
# What the contracts refuse, and what to do

Written by `scripts/export_errors.py` from the interfaces in `contracts/interfaces/`; change it there.

A call that is refused changes nothing and moves no money. What it returns begins with the four bytes of its error; the
values behind them say who and what was meant. The agents and the command line decode them, and so does

    python -c "from lilypad.chain.contracts import decode_error; print(decode_error(bytes.fromhex('...')))"

Errors that are not listed here come from the libraries our contracts are made of: `ERC20...` from the token,
`Ownable...` from what governance owns, `Governor...`, `Timelock...` and `AccessControl...` from governance itself.
"""

_ERROR = re.compile(r"((?:^    ///[^\n]*\n)*)^    error (\w+)\(([^)]*)\);", re.MULTILINE)


@dataclass(frozen=True)
class Error:
    subject: str
    """What the names of its family begin with: Controller, Payments, ..."""
    name: str
    fields: str
    """As declared."""
    canonical: str
    """As the selector is made of it."""
    notice: str
    seen_by: str

    @property
    def selector(self) -> str:
        return "0x" + keccak(text=self.canonical)[:4].hex()


def main() -> None:
    TARGET.write_text(document())


def document() -> str:
    errors = sorted(read_errors(), key=lambda error: error.subject)
    parts = [HEAD]
    for subject in dict.fromkeys(error.subject for error in errors):
        parts.append(f"## {subject}\n")
        parts.extend(_entry(error) for error in errors if error.subject == subject)
    parts.append("## By selector\n")
    rows = sorted((error.selector, error.name) for error in errors)
    anchors = [f"| `{selector}` | [{name}](#{name.lower()}) |" for selector, name in rows]
    parts.append("\n".join(["| selector | error |", "| --- | --- |", *anchors]))
    return "\n".join(parts) + "\n"


def _entry(error: Error) -> str:
    return (
        f"### {error.name}\n\n    error {error.name}({error.fields})\n\n"
        f"`{error.selector}`, the selector of `{error.canonical}`. Seen by {error.seen_by}.\n\n{error.notice}\n"
    )


def read_errors() -> Iterator[Error]:
    """In the order of the files and of their lines."""
    kinds = _user_types()
    for file in _sources():
        for comment, name, fields in _ERROR.findall(file.read_text()):
            tags = _tags(comment)
            if not {"notice", "dev"} <= set(tags) or not tags["dev"].startswith("Seen by "):
                raise ValueError(f"{file.name}: {name} needs a @notice (why, and what to do) and a @dev Seen by ...")
            types = [kinds.get(field.split()[0], field.split()[0]) for field in fields.split(",") if field]
            seen_by = tags["dev"].removeprefix("Seen by ").rstrip(".")
            canonical = f"{name}({','.join(types)})"
            yield Error(name.split("_")[0], name, fields, canonical, tags["notice"], seen_by)


def _sources() -> list[Path]:
    return [file for file in sorted(CONTRACTS.rglob("*.sol")) if "mocks" not in file.parts]


def _user_types() -> Mapping[str, str]:
    """What the ABI makes of our own value types and enums."""
    kinds: dict[str, str] = {}
    for file in _sources():
        kinds |= dict(re.findall(r"^type (\w+) is (\w+);", file.read_text(), re.MULTILINE))
        kinds |= dict.fromkeys(re.findall(r"^enum (\w+)", file.read_text(), re.MULTILINE), "uint8")
    return kinds


def _tags(comment: str) -> dict[str, str]:
    """The text behind each @tag, on one line."""
    text = " ".join(line.strip().removeprefix("///").strip() for line in comment.splitlines())
    return {tag: words.strip() for tag, words in re.findall(r"@(\w+) ([^@]*)", text)}


if __name__ == "__main__":
    main()
