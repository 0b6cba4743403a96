"""The processes: provider, solver, creator."""
