"""Compute modules: their manifests, and from a job's inputs to an execution spec. Pure."""
