"""What a log line looks like, and what never gets into one."""

from __future__ import annotations

import io
import json
import logging

import pytest

from lilypad import logs


def _formatted(formatter: logging.Formatter, event: str, **fields: object) -> str:
    record = logging.makeLogRecord({"name": "lilypad.test", "levelname": "INFO", "msg": event, **fields})
    return formatter.format(record)


def test_line__of_an_event__has_its_fields() -> None:
    line = _formatted(logs.LineFormatter(), "deal_agreed", deal=b"\x01\x02", error="two words")
    assert line.split(" ", 1)[1] == 'info     deal_agreed deal=0x0102 error="two words"'


def test_line__with_other_people_s_words__stays_one_line() -> None:
    line = _formatted(logs.LineFormatter(), "offer\nrefused", reason="x\n12:00:00 info forged level=1")
    assert "\n" not in line


@pytest.mark.parametrize("formatter", [logs.LineFormatter(), logs.JsonFormatter()])
@pytest.mark.parametrize("field", ["password", "private_key", "mnemonic"])
def test_line__with_a_secret__does_not_show_it(formatter: logging.Formatter, field: str) -> None:
    assert "hunter2" not in _formatted(formatter, "opened", **{field: "hunter2"})


def test_json__of_an_event__has_its_own_keys_first() -> None:
    entry = json.loads(_formatted(logs.JsonFormatter(), "deal_agreed", deal=b"\x01", level="forged", count=3))
    assert entry["level"] == "info"
    assert (entry["event"], entry["deal"], entry["count"]) == ("deal_agreed", "0x01", 3)


def test_configure__twice__writes_each_event_once(monkeypatch: pytest.MonkeyPatch) -> None:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    first, second = io.StringIO(), io.StringIO()
    logs.configure("info", stream=first)
    logs.configure("info", stream=second)
    logging.getLogger("lilypad.test").info("hello", extra={"n": 1})
    assert first.getvalue() == ""
    assert json.loads(second.getvalue())["n"] == 1
    logging.getLogger("lilypad").setLevel(logging.NOTSET)
