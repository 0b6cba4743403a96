"""A job done: its module found, its inputs fetched, run, its output sealed, fetched, checked, compared."""
