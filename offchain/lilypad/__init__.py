"""Lilypad off chain: the agents, the command line and what they share."""
