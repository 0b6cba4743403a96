"""Where signed offers meet: order book, service, client."""
