"""What an agent follows on chain: deals and cases, each the fold of its logs, with the notes of the agent itself."""
