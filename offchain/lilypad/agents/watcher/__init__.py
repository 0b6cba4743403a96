"""The watcher: runs some of other people's jobs again, and challenges results that are wrong."""
