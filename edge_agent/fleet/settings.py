"""The settings of the fleet's commands: one TOML file for all of them, and a default that needs none."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge_agent.message import Name


class SettingsError(ValueError):
    """The settings cannot be used: one line per problem, each with file, key, and what is allowed."""


class _Table(BaseModel):
    """A table of the file: closed, frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Address = Annotated[str, Field(min_length=1, max_length=1024)]
Pattern = Annotated[str, Field(pattern=r"^[A-Za-z0-9*][A-Za-z0-9_*-]{0,62}(/[A-Za-z0-9*][A-Za-z0-9_*-]{0,62}){2}$")]


class Database(_Table):
    """Where the numbers are kept."""

    url: Address = Field(
        default="sqlite:///fleet.db",
        description="`sqlite:///FILE`, good for 100 shops, or `postgresql://USER@HOST/NAME`. No password in it.",
    )
    password_file: Path | None = Field(default=None, description="File with PostgreSQL's password and nothing else.")
    keep_payloads_days: int = Field(
        default=400, ge=1, description="After this many days a message is kept as its numbers and its hash only."
    )
    keep_hours_days: int | None = Field(
        default=None, ge=32, description="After this many days hours are deleted too; absent: never."
    )


class Broker(_Table):
    """The MQTT broker that the devices publish to."""

    url: Annotated[str, Field(pattern=r"^mqtts?://[^/@\s]+$")] = Field(
        default="mqtt://127.0.0.1", description="`mqtt://HOST[:PORT]`, or `mqtts://…` with TLS. No credentials in it."
    )
    protocol: Literal["auto", "5", "3.1.1"] = Field(
        default="auto", description="MQTT version; `auto` tries 5 and falls back to 3.1.1 where it is refused."
    )
    username: str | None = Field(default=None, description="User name at the broker, if it asks for one.")
    password_file: Path | None = Field(default=None, description="File that holds the password and nothing else.")
    ca_file: Path | None = Field(default=None, description="PEM file of the authority that signed its certificate.")
    cert_file: Path | None = Field(default=None, description="PEM file of the fleet's own client certificate.")
    key_file: Path | None = Field(default=None, description="PEM file of its private key.")

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return urlsplit(self.url).scheme == "mqtts"

    @property
    def host(self) -> str:
        """Host name or address."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """TCP port."""
        return urlsplit(self.url).port or (8883 if self.tls else 1883)


class Ingest(_Table):
    """How messages come in."""

    group: Name = Field(default="ingest", description="Workers of one group share the messages among themselves.")
    admit: tuple[Pattern, ...] = Field(
        default=(),
        description="Devices that are admitted when they are first seen, as `tenant/site/device` with `*` for any: "
        "`shop/*/*`. Others wait in quarantine until `edge-agent fleet devices admit`.",
    )
    batch_messages: int = Field(default=500, ge=1, le=10_000, description="Messages of one commit, at most.")
    batch_ms: int = Field(default=100, ge=1, le=10_000, description="How long a message waits for others, at most.")
    max_payload_bytes: int = Field(default=65_536, ge=1024, description="A larger message is a dead letter.")
    max_ahead_s: int = Field(
        default=300, ge=0, description="A window that ends further in the future than this is a dead letter."
    )
    silent_after_min: int = Field(default=5, ge=1, description="A device that says nothing for this long is silent.")
    keep_quarantine: int = Field(default=10_000, ge=0, description="Messages kept per device that is not admitted.")
    metrics_port: int | None = Field(default=None, ge=1, le=65535, description="Serve /metrics here, on the loopback.")


class Pages(_Table):
    """The pages that people open."""

    host: str = Field(default="127.0.0.1", description="Address to listen at.")
    port: int = Field(default=8800, ge=0, le=65535, description="TCP port; 0: any that is free.")
    users_file: Path | None = Field(
        default=None,
        description="Who may sign in, made by `edge-agent fleet user`. Absent: everybody, and only on the loopback.",
    )
    https: bool = Field(
        default=False, description="Whether a proxy before it speaks HTTPS: cookies are then for that only."
    )
    language: Literal["en", "it"] = Field(default="en", description="Of the pages, where the browser does not say.")


class HomeAssistant(_Table):
    """Discovery by Home Assistant: entities appear by themselves."""

    enabled: bool = Field(default=False, description="Publish a discovery message per admitted device.")
    prefix: str = Field(default="homeassistant", pattern=r"^[A-Za-z0-9_/-]+$", description="Its discovery prefix.")


class Site(_Table):
    """What people call a site, and what it belongs to."""

    tenant: Name
    site: Name
    name: str | None = Field(default=None, max_length=100, description="For people.")
    region: str | None = Field(default=None, max_length=100, description="Sites are compared and summed up by it.")


class Settings(_Table):
    """All of them."""

    database: Database = Database()
    broker: Broker = Broker()
    ingest: Ingest = Ingest()
    pages: Pages = Pages()
    home_assistant: HomeAssistant = HomeAssistant()
    site: tuple[Site, ...] = ()


_FILES = (
    ("database", "password_file"),
    ("broker", "password_file"),
    ("broker", "ca_file"),
    ("broker", "cert_file"),
    ("broker", "key_file"),
    ("pages", "users_file"),
)


def read_settings(file: Path | None) -> Settings:
    """Read the fleet's settings; None: the defaults. Relative paths in the file are looked up beside it.

    Raises:
        SettingsError: it cannot be read or is wrong.
    """
    if file is None:
        return Settings()
    try:
        tables: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from None
    for table, key in _FILES:
        path = tables.get(table, {}).get(key) if isinstance(tables.get(table), dict) else None
        if isinstance(path, str):
            tables[table][key] = file.parent / path
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        lines = [f"{file}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise SettingsError("\n".join(lines)) from None
