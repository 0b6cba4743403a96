"""One tree of errors. The class says who must act; the message says what was wrong and what to do.

    LilypadError
      RecoverableError   the world is in the way (node down, peer away): back off and retry
      RejectedError      the other side's fault (bad offer, bad content, bad module): refuse and say so
      FaultError         our own fault or our own machine's: stop, leave with a non-zero exit code

Each error carries the ids it is about as keyword fields; they are shown behind the message.
"""

from __future__ import annotations


class LilypadError(Exception):
    def __init__(self, message: str, **fields: object) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields

    def __str__(self) -> str:
        if not self.fields:
            return self.message
        shown = ", ".join(f"{k}={v.hex() if isinstance(v, bytes) else v}" for k, v in self.fields.items())
        return f"{self.message} ({shown})"


class RecoverableError(LilypadError):
    """Nothing is wrong with what was asked; it may work a little later."""


class RejectedError(LilypadError):
    """Somebody else handed us something that we must not use."""


class FaultError(LilypadError):
    """Something here is broken or misused; a person has to look."""


class ModuleInvalidError(RejectedError):
    """A manifest or a job's inputs break the rules of the module format."""


class OfferInvalidError(RejectedError):
    """An offer is malformed, not signed by its maker, or cannot make a deal."""


class ContentInvalidError(RejectedError):
    """Bytes do not hash to what was asked for, or are not canonical content."""


class ContentUnavailableError(RecoverableError):
    """No source that we know has the content."""


class StoreFullError(RecoverableError):
    """A store has a quota, and no room within it."""


class ExecutorFaultError(FaultError):
    """The host could not run the job as specified; nothing may be committed."""


class EngineAwayError(ExecutorFaultError):
    """The engine does not answer, or went down under a job: one that was there will be there again."""


class ChainUnavailableError(RecoverableError):
    """The chain's node cannot be reached or does not answer."""


class TransactionRevertedError(RejectedError):
    """The contracts refused a transaction; `name` and `args` are those of the Solidity error."""

    def __init__(self, message: str, *, name: str, args: tuple[object, ...] = (), **fields: object) -> None:
        super().__init__(message, **fields)
        self.name = name
        self.arguments = args
