"""The lilypad command: parse, call, render."""
