"""The command `regulars`: parses, calls one composition root, and says failures in one sentence."""

import sys
from importlib import import_module

import typer

from regulars.entrypoints.stack.problems import StackProblem
from regulars.kernel.errors import RegularsError

COMMAND_MODULES = (
    "stack",
    "packs",
    "segments",
    "fields",
    "data",
    "verify",
    "explain",
    "recompute",
    "backup",
    "bench",
)
"""Modules of `regulars.entrypoints.commands`, in the order of the help."""

FAILED = 1
INTERRUPTED = 130


def make_app() -> typer.Typer:
    """The command line with all commands."""
    app = typer.Typer(
        name="regulars",
        help="熟客 Regulars: the membership platform for chain stores that business users configure.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name in COMMAND_MODULES:
        import_module(f"regulars.entrypoints.commands.{name}").register(app)
    return app


def main() -> None:
    """What the console script calls."""
    try:
        make_app()()
    except (StackProblem, RegularsError) as problem:
        _fail(str(problem))
    except (ConnectionError, PermissionError) as problem:
        _fail(f"{problem.filename or ''} {problem.strerror or problem}".strip())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if not _is_of_the_database(error):
            raise
        _fail(
            f"The database went away or refused ({_kind_of(error)}); "
            "see `regulars status` and the logs in the data folder."
        )


def _is_of_the_database(error: Exception) -> bool:
    """By name, so that a command that needs no database does not import its driver."""
    return any(kind.__module__.split(".")[0] in ("asyncpg", "sqlalchemy") for kind in type(error).__mro__)


def _kind_of(error: Exception) -> str:
    """What was wrong, by its name and PostgreSQL's number: its text may hold what people entered."""
    cause = getattr(error, "orig", None) or error
    return " ".join(filter(None, (type(cause).__name__, getattr(cause, "sqlstate", None))))


def _fail(sentence: str) -> None:
    print(f"regulars: {sentence}", file=sys.stderr)
    sys.exit(FAILED)


if __name__ == "__main__":
    main()
