"""The error numbers of WASI preview 1, and the ways in which a host call ends other than by returning."""

from __future__ import annotations

import enum


class Errno(enum.IntEnum):
    SUCCESS = 0
    BADF = 8
    EXIST = 20
    FAULT = 21
    FBIG = 22
    ILSEQ = 25
    INVAL = 28
    ISDIR = 31
    MFILE = 33
    NAMETOOLONG = 37
    NOENT = 44
    NOSPC = 51
    NOSYS = 52
    NOTDIR = 54
    NOTEMPTY = 55
    NOTSUP = 58
    ROFS = 69
    SPIPE = 70
    XDEV = 75
    NOTCAPABLE = 76


class WasiError(Exception):
    """The call fails; the module sees the number and goes on."""

    def __init__(self, errno: Errno) -> None:
        super().__init__(errno.name)
        self.errno = errno


class ModuleExitedError(Exception):
    """The module asked to end."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


class OutOfBudgetError(Exception):
    """A call costs more than what is left of the instruction budget."""
