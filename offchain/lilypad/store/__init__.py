"""Content by CID, and the agents' journal."""
