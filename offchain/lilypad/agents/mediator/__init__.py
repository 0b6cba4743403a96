"""The mediator: drawn to a dispute, it runs the job again and votes."""
