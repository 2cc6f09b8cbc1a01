"""A part that runs by itself: its settings completed from a stack that may run beside it, its logs on."""

from pathlib import Path

from regulars.entrypoints.stack.datadir import DataDir
from regulars.entrypoints.stack.problems import StackProblem
from regulars.entrypoints.stack.state import read_state
from regulars.logs import configure_logs
from regulars.settings import Settings, load_settings


def alone(part: str, data_dir: Path | None, **options: object) -> Settings:
    """The settings of one part, with a database and a Temporal in them.

    Args:
        part: its name, which stands in each log line.
        data_dir: as given on the command line.
        options: settings given on the command line.
    Raises: StackProblem: neither the settings nor a running stack name the servers.
    """
    settings = load_settings(data_dir, **options)
    configure_logs(part, settings.log_level)
    state = read_state(DataDir(settings.data_dir).state)
    here = state if state.running() else None
    settings = settings.model_copy(
        update={
            "database_url": settings.database_url or (here and here.database_url),
            "temporal_address": settings.temporal_address or (here and here.temporal_address),
            "temporal_ui_address": settings.temporal_ui_address or (here and here.temporal_ui_address),
        }
    )
    if not settings.database_url or not settings.temporal_address:
        raise StackProblem(
            f"The {part} needs a database and a Temporal: set REGULARS_DATABASE_URL and "
            "REGULARS_TEMPORAL_ADDRESS, or start `regulars up` on the same --data-dir."
        )
    return settings
