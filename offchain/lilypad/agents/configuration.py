"""The settings as a person changes them: what holds, where it comes from, and one line of the file at a time."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dotenv import dotenv_values, set_key, unset_key
from pydantic import ValidationError

from lilypad.errors import RejectedError
from lilypad.settings import ENV_FILE, Settings, settings_file

PREFIX = "LILYPAD_"
DEFAULT, ENVIRONMENT = "default", "environment"


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting that holds now."""

    name: str
    variable: str
    value: str
    source: str
    """`default`, `environment`, or the path of the settings file."""


def effective(settings: Settings) -> list[Effective]:
    """In the order in which the settings are declared."""
    in_environment = {name.upper() for name in os.environ}
    in_file = _in_file()
    found = []
    for name in Settings.model_fields:
        variable = PREFIX + name.upper()
        source = DEFAULT
        if variable in in_environment:
            source = ENVIRONMENT
        elif variable in in_file:
            source = str(settings_file())
        found.append(Effective(name, variable, _text(getattr(settings, name)), source))
    return found


def unknown_variables() -> list[str]:
    """Variables of the environment that look like settings and are none: nobody reads them."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {ENV_FILE}
    return sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)


def name_of(text: str) -> str:
    """The setting that somebody means by `rpc`, `chain-id` or `LILYPAD_CHAIN_ID`.

    Raises:
        RejectedError: there is none.
    """
    name = text.lower().replace("-", "_").removeprefix(PREFIX.lower())
    if name not in Settings.model_fields:
        near = difflib.get_close_matches(name, Settings.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`lilypad config` lists them"
        raise RejectedError(f"there is no setting {text!r}; {hint}")
    return name


def set_setting(name: str, text: str) -> Effective:
    """Writes one line of the settings file, and makes the file if need be.

    Raises:
        RejectedError: it cannot have this value; nothing is written.
    """
    value = _checked(name, text)
    file, variable = settings_file(), PREFIX + name.upper()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    set_key(file, variable, value, quote_mode="auto")
    return Effective(name, variable, value, str(file))


def unset_setting(name: str) -> bool:
    """Takes its line out of the settings file; whether there was one."""
    if PREFIX + name.upper() not in _in_file():
        return False
    file = settings_file()
    written = [key for key in dotenv_values(file) if key.upper() == PREFIX + name.upper()]
    for key in written:
        unset_key(file, key)
    return True


def is_overridden(name: str) -> bool:
    """Whether the environment says something else, which counts more than the file."""
    return PREFIX + name.upper() in {variable.upper() for variable in os.environ}


def _in_file() -> set[str]:
    file = settings_file()
    return {key.upper() for key in dotenv_values(file)} if file.is_file() else set()


def _checked(name: str, text: str) -> str:
    """As it is written to the file: paths absolute, because commands are called from anywhere."""
    given: dict[str, Any] = {name: text}
    try:
        value = getattr(Settings(**given), name)
    except ValidationError as error:
        wrong = [each["msg"] for each in error.errors() if each["loc"][0] == name]
        if not wrong:
            return text  # something else is wrong with the settings, which this does not make worse
        raise RejectedError(f"the setting {name} cannot be {text!r}: {'; '.join(wrong)}") from None
    return _text(value, absolute=True)


def _text(value: Any, *, absolute: bool = False) -> str:
    if isinstance(value, tuple):
        return ",".join(_text(each, absolute=absolute) for each in value)
    if isinstance(value, Path) and absolute:
        return str(value.absolute())
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
