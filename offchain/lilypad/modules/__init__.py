"""Compute modules: their manifests, and from a job's inputs to an execution spec. Pure.

tables      reading a parsed TOML or JSON file strictly, one clear message for each mistake
patterns    the small, fast language of `pattern`
template    argv and env with places for inputs, which no input can leave
manifest    what a module.toml says
reading     from the file to the manifest
canonical   from the manifest to the bytes and the digest that a module version is pinned by
inputs      what a job gives: checked, and encoded as inputs.json
folder      the files of a module and of a job's inputs on disk
spec        from a manifest and inputs to what an executor runs
"""
