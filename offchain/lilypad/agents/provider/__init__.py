"""The resource provider: what it offers, takes, runs, keeps and earns."""
