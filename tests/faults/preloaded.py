"""What the agents' processes have read before they are born."""

import lilypad.agents.creator
import lilypad.agents.services
import lilypad.cli.jobs
import lilypad.cli.main
import lilypad.cli.provider
import lilypad.cli.run
import lilypad.cli.session  # noqa: F401
