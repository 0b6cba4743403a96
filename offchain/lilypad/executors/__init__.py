"""What runs a module: one interface, several engines."""
