"""Jobs on the machines of a Ray cluster. Agents use `executor`; what imports Ray runs in a process of its own."""
