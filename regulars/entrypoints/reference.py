"""Pages of the documentation that are made from the code, so that they cannot lie.

`python -m regulars.entrypoints.reference` writes them; with `--check` it only compares, shows the
differences and ends with 1 when a page is stale.
"""

import difflib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic.fields import FieldInfo

from api.error_reference import errors_page
from regulars.rules.reference import fields_page, findings_page, schema_page
from regulars.secret_keys import FILE_NAME as SECRETS_FILE
from regulars.secret_keys import MEANINGS, variable
from regulars.settings import DEFAULT_DATA_DIR, Settings

ROOT = Path(__file__).resolve().parents[2]


def settings_page() -> str:
    """docs/settings.md."""
    rows = [_setting_row(name, field) for name, field in Settings.model_fields.items()]
    keys = [f"| `{variable(name)}` | {meaning} |" for name, meaning in MEANINGS.items()]
    return "\n".join(
        [
            "# Settings",
            "",
            "Made from `regulars/settings.py` by `python -m regulars.entrypoints.reference`; do not edit.",
            "",
            "A setting comes from an option on the command line, else from the environment, else from",
            f"`regulars.toml` in the data folder (`--data-dir`, default `{DEFAULT_DATA_DIR}` here),",
            "else from its default. In the file its name is in lower case without the prefix: `port = 8700`.",
            "",
            "| variable | default | unit | meaning |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "## Keys",
            "",
            f"`regulars up` makes them once and keeps them in `{SECRETS_FILE}` in the data folder, which",
            "only its owner can read; back it up apart from the database. For parts that run elsewhere,",
            "give each as 32 random bytes in base64url.",
            "",
            "| variable | what it protects |",
            "| --- | --- |",
            *keys,
            "",
        ]
    )


def _setting_row(name: str, field: FieldInfo) -> str:
    extra = field.json_schema_extra
    unit = extra.get("unit", "") if isinstance(extra, dict) else ""
    default = "" if field.default is None else f"`{field.default}`"
    return f"| `REGULARS_{name.upper()}` | {default} | {unit} | {field.description} |"


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/settings.md": settings_page,
    "docs/errors.md": errors_page,
    "docs/rules/fields.md": fields_page,
    "docs/rules/findings.md": findings_page,
    "docs/rules/pack.schema.json": schema_page,
}
"""Each generated page, by its path below the project's root, with what writes it."""


def main(arguments: list[str]) -> int:
    """Write every page, or compare when `--check` is given; 1 when one is stale."""
    stale = 0
    for path, page in PAGES.items():
        file, wanted = ROOT / path, page()
        found = file.read_text() if file.exists() else ""
        if "--check" not in arguments:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(wanted)
        elif found != wanted:
            stale = 1
            lines = difflib.unified_diff(
                found.splitlines(), wanted.splitlines(), path, "generated", lineterm=""
            )
            print("\n".join(lines))
            print(f"{path} is stale: run `python -m regulars.entrypoints.reference`.")
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
