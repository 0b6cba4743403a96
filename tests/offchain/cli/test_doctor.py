"""`lilypad doctor`: on a network that works, and on one that does not."""

from __future__ import annotations

from pathlib import Path

from .command import Command


def levels(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    return {finding["check"]: finding["level"] for finding in document["findings"]}


def test_doctor__on_a_network_that_works__finds_nothing_broken(lilypad: Command) -> None:
    done = lilypad.apart("doctor", "--json")
    assert done.code == 0, done.out
    assert done.document["well"] is True
    found = levels(done.document)
    assert {found[check] for check in ("rpc", "deployment", "account", "gas", "balance", "market", "wasm")} == {"ok"}
    assert {"settings", "chain clock", "docker", "disk", "clock"} <= {*found}


def test_doctor__without_a_network__exits_with_5_and_says_how_to_fix_each_thing(offline: Command) -> None:
    done = offline("doctor", "--json")
    assert done.code == 5
    broken = [finding for finding in done.document["findings"] if finding["level"] == "broken"]
    assert {finding["check"] for finding in broken} == {"rpc", "deployment", "market"}
    assert all(finding["fix"] for finding in done.document["findings"] if finding["level"] != "ok")


def test_doctor__for_a_person__is_a_line_for_each_finding_and_a_sum(offline: Command) -> None:
    done = offline("doctor")
    assert done.code == 5
    assert "broken   rpc" in done.out
    assert "-> " in done.out
    assert done.out.rstrip().endswith("3 broken")


def test_doctor__with_a_market_of_another_controller__says_so(lilypad: Command, tmp_path: Path) -> None:
    folder = Path(lilypad.environment["LILYPAD_DEPLOYMENTS"])
    text = (folder / "31337.json").read_text()
    names = ("LilypadController", "LilypadPayments")
    controller, payments = (text.split(f'"{name}": "')[1][:42] for name in names)
    (tmp_path / "31337.json").write_text(text.replace(controller, payments))
    done = lilypad.with_settings(deployments=tmp_path)("doctor", "--json")
    assert done.code == 5
    assert levels(done.document)["market"] == "broken"


def test_doctor__without_a_wallet_where_one_is_needed__says_how_to_make_it(lilypad: Command, tmp_path: Path) -> None:
    done = lilypad.with_settings(keystore=tmp_path / "none.json")("doctor", "--json")
    assert done.code == 5
    (finding,) = [finding for finding in done.document["findings"] if finding["check"] == "account"]
    assert "lilypad wallet create" in finding["fix"]


def test_doctor__asks_nobody_for_a_password(lilypad: Command) -> None:
    assert "assword" not in lilypad("doctor", stdin="").err
