"""Every setting of every part: its name, default, unit and meaning. `docs/settings.md` is made from here.

A setting comes from the environment (REGULARS_<NAME>), else from `regulars.toml` in the data folder, else
from its default here. An option on the command line wins over all three.
"""

import os
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from regulars.kernel import processors
from regulars.kernel.errors import FieldProblem, InvalidInput
from regulars.secret_keys import SecretKeys

DEFAULT_DATA_DIR = ".regulars"
FILE_NAME = "regulars.toml"
_CLOSED = (
    "cannot be read and written by this user; give it to this user, or name another folder with --data-dir"
)
SERVING_PROCESSES_MOST = 4
"""Where nothing is said: beyond that PostgreSQL, the worker and the relay want the processors."""


def _setting(default: Any, description: str, *, unit: str = "", **bounds: Any) -> Any:  # noqa: ANN401
    return Field(default=default, description=description, json_schema_extra={"unit": unit}, **bounds)


class Settings(BaseSettings):
    """The settings of one process, read once where it starts."""

    model_config = SettingsConfigDict(env_prefix="REGULARS_", extra="forbid", frozen=True)

    data_dir: Path = _setting(Path(DEFAULT_DATA_DIR), "Folder that holds everything this machine keeps.")

    database_url: str | None = _setting(
        None,
        "PostgreSQL 16 or newer with ltree, btree_gist and pg_trgm, as "
        "`postgresql://user:password@host/name`. Empty: the one that `regulars up` runs on this machine.",
        repr=False,
    )
    database_connections: int = _setting(
        10, "Connections that each process keeps to PostgreSQL.", unit="connections", ge=2, le=200
    )
    temporal_address: str | None = _setting(
        None, "Temporal's front end as `host:port`. Empty: the one that `regulars up` runs on this machine."
    )
    temporal_namespace: str = _setting("default", "Temporal namespace of the chain's workflows.")
    temporal_tls: bool = _setting(
        default=False, description="Whether Temporal is reached by TLS; set it for Temporal Cloud."
    )
    temporal_api_key: str | None = _setting(None, "API key for Temporal Cloud.", repr=False)
    temporal_ui_address: str | None = _setting(
        None, "Temporal's web UI as `host:port`; shown to ops under /temporal. `regulars up` sets it."
    )

    host: str = _setting("127.0.0.1", "Address that the web part listens on; 0.0.0.0 for every network.")
    port: int = _setting(8600, "Port that the web part listens on.", ge=1, le=65535)
    web_processes: int | None = _setting(
        None,
        "Processes that serve the API and the pages; purchases that reach one process at the same time "
        "share a transaction. Empty: one for each processor, at most 4.",
        unit="processes",
        ge=1,
        le=64,
    )
    public_url: str | None = _setting(
        None,
        "Address that people type, e.g. `https://members.example.com`, when the web part stands behind a "
        "proxy that does TLS. Cookies are then marked Secure, and forms from other origins refused.",
    )
    request_limit_bytes: int = _setting(
        1_048_576, "Largest request body that is read.", unit="bytes", ge=1024, le=67_108_864
    )
    session_idle_minutes: int = _setting(
        120, "A signed-in operator who does nothing for this long must sign in again.", unit="minutes", ge=1
    )
    session_life_minutes: int = _setting(
        720, "A signed-in operator must sign in again after this long in any case.", unit="minutes", ge=1
    )
    quote_life_seconds: int = _setting(
        900, "How long a till may charge what a quote promised.", unit="seconds", ge=10, le=86_400
    )

    chain_name: str = _setting(
        "熟客示范连锁", "Name of the chain, given when the first start founds it.", min_length=1
    )
    chain_currency: str = _setting(
        "CNY", "Currency of the chain (ISO 4217), given when the first start founds it.", pattern="^[A-Z]{3}$"
    )
    chain_time_zone: str = _setting(
        "Asia/Shanghai", "Time zone of the headquarters, given when the first start founds the chain."
    )
    chain_phone_region: str = _setting(
        "CN", "Country of phone numbers written without one, given at the first start.", pattern="^[A-Z]{2}$"
    )

    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "Least important log line kept."
    )
    log_file_limit_bytes: int = _setting(
        10_000_000,
        "A log file that grows past this is kept as `.1` and begun anew.",
        unit="bytes",
        ge=100_000,
    )
    disk_reserve_bytes: int = _setting(
        268_435_456, "`regulars up` refuses to start with less free disk than this.", unit="bytes", ge=0
    )

    @field_validator("chain_time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("is not a time zone; write it like Asia/Shanghai")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql(cls, value: str | None) -> str | None:
        if value and not value.startswith("postgresql://"):
            raise ValueError("must begin with postgresql://")
        return value or None

    @field_validator("temporal_address", "temporal_ui_address", "temporal_api_key", "public_url")
    @classmethod
    def _empty_is_none(cls, value: str | None) -> str | None:
        return value or None

    @field_validator("web_processes", mode="before")
    @classmethod
    def _empty_is_as_many_as_fit(cls, value: object) -> object:
        return None if value == "" else value

    @property
    def serving_processes(self) -> int:
        """How many processes the web part has."""
        return self.web_processes or min(processors.usable(), SERVING_PROCESSES_MOST)

    @cached_property
    def secrets(self) -> SecretKeys:
        """The keys that this process needs; read when first asked for."""
        return SecretKeys.load(self.data_dir)


def load_settings(data_dir: Path | None = None, **options: object) -> Settings:
    """Settings from the environment, the data folder's file, and the command line.

    Args:
        data_dir: as given on the command line; None: REGULARS_DATA_DIR, else `.regulars` here.
        options: settings given on the command line, by name; None means not given.
    Raises: InvalidInput: with one problem for each setting that is unknown or out of bounds.
    """
    folder = Path(data_dir or os.environ.get(_variable("data_dir")) or DEFAULT_DATA_DIR).resolve()
    file = folder / FILE_NAME
    kept = {name: value for name, value in _read(file).items() if _variable(name) not in os.environ}
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings(**{**kept, **given, "data_dir": folder})
    except ValidationError as error:
        raise InvalidInput([_problem(detail, kept, file) for detail in error.errors()]) from None


def _variable(name: str) -> str:
    return f"REGULARS_{name.upper()}"


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except PermissionError:
        raise InvalidInput([FieldProblem(_CLOSED, field=str(file))]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput([FieldProblem(f"is not TOML: {error}", field=str(file))]) from None


def _problem(detail: ErrorDetails, kept: Mapping[str, object], file: Path) -> FieldProblem:
    name = ".".join(str(part) for part in detail["loc"])
    where = f"{name} in {file}" if name in kept else _variable(name)
    if detail["type"] == "extra_forbidden":
        return FieldProblem("is not a setting; docs/settings.md lists them all", field=where)
    return FieldProblem(detail["msg"].removeprefix("Value error, "), field=where)
