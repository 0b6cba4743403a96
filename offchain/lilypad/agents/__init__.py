"""The processes: provider, solver, creator, mediator, each in a room of its own above books and work."""
