"""Lilypad off chain: the agents, the command line and what they share.

`from lilypad import Lilypad` is the creator's side as a Python API; see lilypad.agents.creator.api.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lilypad.agents.creator.api import Lilypad

__all__ = ["Lilypad"]


def __getattr__(name: str) -> object:
    """The command line starts in a tenth of a second because nothing is imported before it is used."""
    if name == "Lilypad":
        from lilypad.agents.creator.api import Lilypad

        return Lilypad
    raise AttributeError(name)
