"""How agents follow a chain, as the settings say."""

from __future__ import annotations

from lilypad.chain.feed import FeedOptions
from lilypad.settings import Settings


def feed_options(settings: Settings) -> FeedOptions:
    return FeedOptions(
        confirmations=settings.confirmations, poll_seconds=settings.poll_seconds, heads_url=settings.heads_url
    )
