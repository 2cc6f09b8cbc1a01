"""What the command line says when the database is in the way."""

import asyncpg
import pytest
from sqlalchemy.exc import OperationalError

from regulars.entrypoints import cli


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (asyncpg.QueryCanceledError("canceling statement, phone 13800000000"), "QueryCanceledError 57014"),
        (OperationalError("select 1", {}, asyncpg.DeadlockDetectedError("x")), "DeadlockDetectedError 40P01"),
    ],
)
def test_an_error_of_the_database_is_named_without_its_text(
    error: Exception, kind: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> object:
        raise error

    monkeypatch.setattr(cli, "make_app", lambda: fails)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    said = capsys.readouterr().err
    assert ended.value.code == cli.FAILED
    assert f"went away or refused ({kind})" in said
    assert "13800000000" not in said
