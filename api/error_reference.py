"""docs/errors.md: every error code with its status and its words, made from the table."""

from api.error_table import ROWS


def errors_page() -> str:
    """docs/errors.md."""
    rows = [f"| `{code}` | {row.status} | {row.en} | {row.zh} |" for code, row in sorted(ROWS.items())]
    return "\n".join(
        [
            "# Error codes",
            "",
            "Made from `api/error_table.py` by `python -m regulars.entrypoints.reference`; do not edit.",
            "",
            "Every error of the API is RFC 9457 problem details (`application/problem+json`) with a stable",
            "`code`. `detail` is in Chinese or English by `Accept-Language`. Where several fields are wrong,",
            "`errors` lists each with its `field`, `code` and `message`. Where no English stands here, the",
            "sentence depends on the case and comes with the error.",
            "",
            "| code | status | English | 中文 |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )
