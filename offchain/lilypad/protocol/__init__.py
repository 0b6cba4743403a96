"""The rules of the protocol as pure functions: no clock, no network, no log."""
