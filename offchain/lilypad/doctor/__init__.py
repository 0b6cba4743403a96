"""Is everything there that an agent on this machine needs, and if not, what to do about it?"""
