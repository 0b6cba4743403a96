"""Everything a person may configure, in one place: environment variables LILYPAD_*, or lines of the settings file.

The file is named by LILYPAD_ENV_FILE; without that it is `lilypad/settings.env` in the user's configuration folder.
Built once in `main` and passed down; nobody else reads the environment.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_data_path
from pydantic import ByteSize, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SOURCE_TREE = Path(__file__).parent.parent.parent
ETHER = 10**18
GWEI = 10**9
LOOPBACK = ("127.0.0.1", "::1", "localhost")
ENV_FILE = "LILYPAD_ENV_FILE"


def settings_file() -> Path:
    """Whether or not it exists."""
    named = os.environ.get(ENV_FILE)
    return Path(named) if named else user_config_path("lilypad") / "settings.env"


def is_settings_file_lost() -> bool:
    """One was named, but it is not there: what it should say would be missed silently."""
    return bool(os.environ.get(ENV_FILE)) and not settings_file().is_file()


class Settings(BaseSettings):
    """Amounts are in wei of the token, times in seconds."""

    model_config = SettingsConfigDict(env_prefix="LILYPAD_", extra="forbid", frozen=True)

    data: Path = Field(default_factory=lambda: user_data_path("lilypad"))
    """Journals, content, keys. One folder per role lies in it."""
    deployments: Path = SOURCE_TREE / "deployments"
    modules: Annotated[tuple[Path, ...], NoDecode] = (SOURCE_TREE / "modules", SOURCE_TREE / ".build" / "modules")
    """Folders in which module packages are looked for."""

    rpc: Annotated[tuple[str, ...], NoDecode] = ("http://127.0.0.1:8545",)
    """JSON-RPC endpoints of one chain, tried in order."""
    chain_id: int = 31337
    market: str = "http://127.0.0.1:8551"
    """Base URL of the solver's market."""
    rpc_ws: str | None = None
    """Websocket that tells of new blocks, which are then looked at at once. By default, that of a node here."""
    poll_seconds: float = Field(default=0.2, gt=0)
    """Between two looks at the chain. A good part of the block time is enough."""
    confirmations: int = 0
    """Blocks to wait before an event is believed. Zero suits a local chain alone."""

    keystore: Path | None = None
    """Encrypted key file; by default the wallet in the data folder."""
    password_file: Path | None = None

    price_per_instruction: int = GWEI
    """Provider: what it charges. Creator: the most it pays."""
    decline_window: int = 120
    submit_window: int = 900
    judge_window: int = 3600
    mediate_window: int = 604_800

    appeal: bool = True
    """Provider: whether it appeals a ruling against a result of its own, if that locks less than it would lose.
    Watcher: the same of a ruling for a result that it has challenged."""

    watch_check: float | None = Field(default=None, gt=0, le=1)
    """Watcher: how probable it is that a result is run again. None: as often as makes cheating a loss."""
    watch_bond: int = Field(default=100 * ETHER, ge=0)
    """Watcher: the most that its challenges may lock together at the same time."""
    watch_reward: int = Field(default=0, ge=0)
    """Watcher: a challenge is worth its gas if it brings more than this."""
    watch_places: int = Field(default=1, ge=1, le=64)
    """Watcher: jobs that it runs at the same time."""
    watch_wait: int = Field(default=10, ge=0)
    """Watcher: how long a creator is given to accept by itself, before its job is run."""

    listen_host: str = "127.0.0.1"
    listen_port: int = 0
    """Zero picks a free port."""
    public_url: str | None = None
    """How others reach this agent, if not by host and port."""

    disk_quota: ByteSize = ByteSize(20 << 30)
    """Of the content that a provider, a solver or a mediator keeps: `500MB`, `20GiB`. Zero for none. What open deals
    need stays in any case."""
    keep_results: int = 604_800
    """Provider, mediator: how long a result can be fetched after its deal has ended, while there is room."""
    keep_uploads: int = 86_400
    """Solver: how long inputs stay that no offer and no open deal refers to."""

    ops_host: str = "127.0.0.1"
    ops_port: int | None = None
    """Metrics and health. None: each agent's own default port, or a free one if that is taken; for commands that run
    one job, none at all. Zero: a free one."""
    ready_seconds: int = 30
    """How far behind the chain's head an agent may be and still call itself ready."""
    alert_webhook: SecretStr | None = None
    """Gets every alert as JSON by POST; they are in the log anyway."""
    alert_gas: int = ETHER // 100
    """Wei of the chain's own coin below which an account is low."""
    alert_vault: int = 0
    """Wei of LILY in the vault, free and locked, below which a provider is low. Zero: collateral for all its places."""
    alert_unreachable_seconds: int = 300
    """How long no endpoint of the chain may answer."""
    traces_endpoint: str | None = None
    """Where OpenTelemetry's spans go: OTLP over HTTP, with its whole path. Needs the extra `traces`."""

    docker: str = "unix:///var/run/docker.sock"
    """The Docker engine in which modules run as containers; one that shares this machine's files."""

    cluster: str = ""
    """Provider: the Ray cluster that runs its jobs, `HOST:PORT` of its head, or `auto` for the one that this machine
    belongs to. Empty: this machine alone. Needs the extra `cluster`."""

    log_level: str = "info"
    log_json: bool = False

    @property
    def heads_url(self) -> str | None:
        """Development nodes serve both on one port; for others it has to be said."""
        first = urlsplit(self.rpc[0]) if self.rpc else None
        if self.rpc_ws is None and first is not None and first.hostname in LOOPBACK and first.scheme == "http":
            return first._replace(scheme="ws").geturl()
        return self.rpc_ws or None

    @classmethod
    def from_environment(cls) -> Settings:
        return cls(_env_file=settings_file())  # type: ignore[call-arg]

    @field_validator("cluster")
    @classmethod
    def _is_cluster(cls, value: str) -> str:
        if value and value != "auto" and not re.fullmatch(r"[^/\s]+:\d{1,5}", value):
            raise ValueError("a cluster is HOST:PORT of its head, or auto; Ray Client (ray://) is not enough")
        return value

    @field_validator("modules", "rpc", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        """Lists are written with commas."""
        return tuple(part for part in value.split(",") if part) if isinstance(value, str) else value
