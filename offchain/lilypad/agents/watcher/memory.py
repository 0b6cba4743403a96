"""What a watcher remembers beside its deals: the secret of its draws, and the modules that it was wrong about."""

from __future__ import annotations

import secrets

from lilypad.store.journal import Journal
from lilypad.types import ModuleId

SECRET, DISTRUSTED = "watcher_secret", "watcher_distrusted"


class Memory:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        if journal.get(SECRET) is None:
            with journal.transaction() as tx:
                tx.put(SECRET, secrets.token_hex(32))
        self.secret = bytes.fromhex(journal.get(SECRET))

    def distrust(self, module: ModuleId) -> None:
        """Mediators have upheld what this machine found wrong: it does not compute what the others do."""
        if not self.distrusts(module):
            with self._journal.transaction() as tx:
                tx.put(DISTRUSTED, [*self._journal.get(DISTRUSTED, []), module.hex()])

    def distrusts(self, module: ModuleId) -> bool:
        return module.hex() in self._journal.get(DISTRUSTED, [])

    def trust_again(self) -> None:
        """A person has found out why, and seen to it."""
        with self._journal.transaction() as tx:
            tx.put(DISTRUSTED, [])
