"""Structured logs: an event's name and its fields, one line each, on stderr.

    log.info("deal_agreed", extra={"deal": "0x..."})

is a readable line on a terminal and a JSON object elsewhere. Fields that could hold a secret are never written.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TextIO

LEVELS = ("debug", "info", "warning", "error")
_HANDLER = "lilypad"
_OWN = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"))
_SECRET = ("password", "private", "secret", "mnemonic", "signing_key")


def configure(level: str, *, as_json: bool | None = None, stream: TextIO | None = None) -> None:
    """For the whole process, from `main`; the last call counts. Without `as_json` a terminal gets lines, else JSON."""
    stream = stream or sys.stderr
    if as_json is None:
        as_json = not stream.isatty()
    handler = logging.StreamHandler(stream)
    handler.name = _HANDLER
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter())
    root = logging.getLogger()
    for earlier in [known for known in root.handlers if known.name == _HANDLER]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    logging.getLogger("lilypad").setLevel(level.upper())


class LineFormatter(logging.Formatter):
    """`12:00:01.250 info     deal_agreed deal=0x...`"""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created).strftime("%H:%M:%S.%f")[:-3]
        shown = [f"{name}={_shown(value)}" for name, value in _fields(record)]
        line = " ".join([moment, f"{record.levelname.lower():8}", _on_one_line(record.getMessage()), *shown])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry |= {name: value for name, value in _fields(record) if name not in entry}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=_plain)


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    """What the caller gave as `extra`."""
    for name, value in vars(record).items():
        if name not in _OWN:
            is_secret = any(word in name.lower() for word in _SECRET)
            yield name, "(not shown)" if is_secret else value


def _plain(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _shown(value: object) -> str:
    """Other people's words must not look like another field or another line."""
    text = str(_plain(value))
    return text if text and text.isprintable() and not {" ", '"', "="} & {*text} else json.dumps(text)


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else json.dumps(text)
