"""Everything that speaks to an EVM chain."""
