"""A deterministic host for WASI preview 1: everything a module can see is in memory and decided beforehand.

errno        the error numbers of WASI, and how a call ends
meter        fuel for the host's own work
memory       bounded access to the module's memory
filesystem   files and directories that exist only here
logs         stdout and stderr, cut off at a limit, readable while they grow
descriptors  what the module's file descriptors stand for
guest        all of the above for one execution, with its clock and its random source
calls_*      the calls of WASI preview 1, one plain function each
host         hands those calls to the engine
engine       the engine's fixed configuration, and the cache of compiled modules
run          one execution from the first instruction to its end
output       the output directory on disk, and the record that lets a restart find it again
"""
