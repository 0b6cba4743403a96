"""Builds a module's Docker image without a registry, byte for byte the same every time.

    python modules/build_image.py linreg

An image has two layers. The base is made by Debian's `mmdebstrap` from the packages that the
manifest names, thinned to what a Python program loads, with the standard library compiled. On top lies
the module's source under /app. The configuration is fixed, so the image's id is known before an
engine has seen it; when the engine has it already, nothing is done. The results:

    .build/rootfs/<key>.tar             a base, kept for as long as packages and rules stay the same
    .build/modules/<name>/image.tar     for `docker load` on any other machine
    .build/modules/<name>/module.toml   the manifest with the image id filled in
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Callable
from pathlib import Path

MODULES = Path(__file__).resolve().parent
BUILD = MODULES.parent / ".build"

RULES = 1
"""Part of a base's key; raise it when the bases come out differently."""
EPOCH = 1_700_000_000
CREATED = "1970-01-01T00:00:00Z"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
ENVIRONMENT = ["LANG=C.UTF-8", "PATH=/usr/bin", "PYTHONHASHSEED=0", "TZ=UTC"]
KEPT = re.compile(r"(lib|lib64|usr/lib|usr/bin/python3|usr/bin$|usr$|etc$|etc/python3)")
DROPPED = re.compile(r"usr/lib/(.*/gconv|dpkg|python3[.\d]*/(lib2to3|idlelib|pydoc_data|turtledemo|test)(/|$))")
COMPILE = (
    'env -i PATH="$PATH" PYTHONHASHSEED=0 chroot "$1" /usr/bin/{python} -S -m compileall -q -j1'
    " --invalidation-mode unchecked-hash /usr/lib/{python}"
)


class BuildError(Exception):
    """Something is missing; the message names the line that installs it."""


def require(program: str, package: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise BuildError(f"{program} is missing; install it with: sudo apt-get install {package}")
    return found


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{' '.join(command[:2])} failed:\n{done.stderr.strip()}")
    return done.stdout


def atomically(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- layers --------------------------------------------------------------------------------------


def entry(name: str, *, size: int = 0, mode: int = 0o644, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.type, info.mtime = size, mode, kind, EPOCH
    return info


def thin(source: Path, target: Path) -> None:
    """Copy what a program loads, sorted and without owners: no resolv.conf of this host, no package lists."""
    with tarfile.open(source) as old, tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as new:
        for member in sorted(old.getmembers(), key=lambda m: m.name):
            name = member.name.removeprefix("./").rstrip("/")
            if not KEPT.match(name) or DROPPED.match(name) or member.isdev():
                continue
            clean = entry(name, size=member.size, mode=member.mode & 0o755, kind=member.type)
            clean.linkname = member.linkname.removeprefix("./") if member.islnk() else member.linkname
            new.addfile(clean, old.extractfile(member) if member.isreg() else None)


def base_layer(suite: str, python: str, packages: list[str]) -> Path:
    key = hashlib.sha256(json.dumps([RULES, EPOCH, os.uname().machine, suite, python, packages]).encode())
    path = BUILD / "rootfs" / f"{key.hexdigest()[:16]}.tar"
    if path.exists():
        return path
    mmdebstrap = require("mmdebstrap", "mmdebstrap")
    whole = path.with_name(f"{path.stem}.{os.getpid()}.whole.tar")
    whole.parent.mkdir(parents=True, exist_ok=True)
    hook = COMPILE.format(python=python)
    options = ["--quiet", "--variant=extract", f"--include={','.join(packages)}", f"--extract-hook={hook}"]
    try:
        run(mmdebstrap, *options, suite, str(whole), SOURCE_DATE_EPOCH=str(EPOCH))
        atomically(path, lambda part: thin(whole, part))
    finally:
        whole.unlink(missing_ok=True)
    return path


def source_layer(source: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(entry("app", mode=0o755, kind=tarfile.DIRTYPE))
        for path in sorted(p for p in source.rglob("*") if "__pycache__" not in p.parts):
            name = f"app/{path.relative_to(source).as_posix()}"
            if path.is_dir():
                tar.addfile(entry(name, mode=0o755, kind=tarfile.DIRTYPE))
            else:
                data = path.read_bytes()
                tar.addfile(entry(name, size=len(data)), io.BytesIO(data))
    return buffer.getvalue()


# -- image ---------------------------------------------------------------------------------------


def configuration(diff_ids: list[str]) -> bytes:
    """The bytes whose digest is the image's id."""
    fields = {
        "architecture": ARCHITECTURES[os.uname().machine],
        "os": "linux",
        "created": CREATED,
        "config": {"Env": ENVIRONMENT, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{diff_id}" for diff_id in diff_ids]},
        "history": [{"created": CREATED, "created_by": "modules/build_image.py"} for _ in diff_ids],
    }
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def write_image(target: Path, config: bytes, base: Path, source: bytes, diff_ids: list[str]) -> None:
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    layers = [f"{diff_id}/layer.tar" for diff_id in diff_ids]
    index = json.dumps([{"Config": config_name, "RepoTags": None, "Layers": layers}]).encode()
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(entry(config_name, size=len(config)), io.BytesIO(config))
        with base.open("rb") as file:
            tar.addfile(entry(layers[0], size=base.stat().st_size), file)
        tar.addfile(entry(layers[1], size=len(source)), io.BytesIO(source))
        tar.addfile(entry("manifest.json", size=len(index)), io.BytesIO(index))


def engine_has(image: str) -> bool:
    docker = require("docker", "docker.io")
    try:
        run(docker, "version", "--format", "{{.Server.Version}}")
    except BuildError as error:
        raise BuildError(f"no Docker engine answers; start one with: sudo dockerd\n{error}") from None
    try:
        return run(docker, "image", "inspect", "--format", "{{.Id}}", image).strip() == image
    except BuildError:
        return False


def build(name: str, *, load: bool = True) -> str:
    """Build one module's image, load it into the engine, write the manifest with its id. Returns the id."""
    directory, target = MODULES / name, BUILD / "modules" / name
    text = (directory / "module.toml").read_text()
    recipe = tomllib.loads(text)["build"]
    base = base_layer(recipe["suite"], recipe["python"], sorted(recipe["packages"]))
    source = source_layer(directory / recipe["source"])
    diff_ids = [digest(base), hashlib.sha256(source).hexdigest()]
    config = configuration(diff_ids)
    image = f"sha256:{hashlib.sha256(config).hexdigest()}"

    resolved, count = re.subn(r"(?m)^\[docker\]$", f'[docker]\nimage = "{image}"', text)
    if count != 1 or "image" in tomllib.loads(text)["docker"]:
        raise BuildError(f"{name}/module.toml needs one [docker] section, without an image")
    tar, manifest = target / "image.tar", target / "module.toml"
    if not tar.exists() or not manifest.exists() or manifest.read_text() != resolved:
        atomically(tar, lambda part: write_image(part, config, base, source, diff_ids))
        atomically(manifest, lambda part: part.write_text(resolved))
    if load and not engine_has(image):
        run(require("docker", "docker.io"), "load", "--input", str(tar))
        if not engine_has(image):
            raise BuildError(f"the engine loaded {tar.name} but does not show {image}")
    return image


def main() -> int:
    parser = argparse.ArgumentParser(description="Build a module's Docker image and load it into the engine.")
    parser.add_argument("names", nargs="+", metavar="module", help="its name, or its folder")
    parser.add_argument("--no-load", action="store_true", help="only write .build/modules/<name>/image.tar")
    arguments = parser.parse_args()
    try:
        for name in (Path(given).name for given in arguments.names):
            sys.stdout.write(f"{name} {build(name, load=not arguments.no_load)}\n")
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
