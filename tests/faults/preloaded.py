"""What the agents' processes have read before they are born."""

import lilypad.agents.creator.api
import lilypad.agents.provider.service
import lilypad.agents.solver.service
import lilypad.agents.watcher.service
import lilypad.cli.jobs
import lilypad.cli.main
import lilypad.cli.provider
import lilypad.cli.run
import lilypad.cli.session
import lilypad.cli.watcher  # noqa: F401
