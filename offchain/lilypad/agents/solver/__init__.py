"""The solver: runs the market and brings matching offers to the chain."""
