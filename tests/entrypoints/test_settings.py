"""Settings come from the right place, and wrong ones are named."""

import json
import os
from pathlib import Path

import pytest

from regulars.entrypoints.reference import main as reference
from regulars.kernel import processors
from regulars.kernel.errors import InvalidInput
from regulars.secret_keys import MEANINGS, NOT_OF_EVERY_PART, SecretKeys, ensure_secrets, variable
from regulars.settings import Settings, load_settings


def test_option_wins_over_environment_over_file_over_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_settings(tmp_path).port == 8600
    (tmp_path / "regulars.toml").write_text('port = 8700\nchain_name = "海风超市"\n')
    assert load_settings(tmp_path).port == 8700
    monkeypatch.setenv("REGULARS_PORT", "8800")
    assert load_settings(tmp_path).port == 8800
    assert load_settings(tmp_path, port=8900).port == 8900
    assert load_settings(tmp_path, port=None).port == 8800
    assert load_settings(tmp_path).chain_name == "海风超市"


def test_data_folder_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_DATA_DIR", str(tmp_path))
    assert load_settings().data_dir == tmp_path
    assert load_settings(tmp_path / "other").data_dir == tmp_path / "other"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "99999"),
        ("PORT", "eighty"),
        ("CHAIN_TIME_ZONE", "Mars/Olympus"),
        ("CHAIN_CURRENCY", "yuan"),
        ("DATABASE_URL", "mysql://somewhere"),
        ("REQUEST_LIMIT_BYTES", "0"),
    ],
)
def test_an_unusable_setting_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"REGULARS_{name}", value)
    with pytest.raises(InvalidInput) as refused:
        load_settings(tmp_path)
    assert [problem.field for problem in refused.value.problems] == [f"REGULARS_{name}"]


def test_every_unknown_and_wrong_line_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "regulars.toml").write_text("prot = 1\nport = 0\n")
    with pytest.raises(InvalidInput) as refused:
        load_settings(tmp_path)
    assert {problem.field for problem in refused.value.problems} == {
        f"prot in {tmp_path}/regulars.toml",
        f"port in {tmp_path}/regulars.toml",
    }


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "regulars.toml").write_text("port: 1")
    with pytest.raises(InvalidInput, match="is not TOML"):
        load_settings(tmp_path)


def test_every_setting_says_what_it_means() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_what_may_hold_a_password_is_not_shown() -> None:
    settings = Settings(database_url="postgresql://who:hunter2@there/db", temporal_api_key="hunter2")
    assert "hunter2" not in repr(settings)


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    first = SecretKeys.load(tmp_path)
    ensure_secrets(tmp_path)
    assert SecretKeys.load(tmp_path) == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert len({getattr(first, name) for name in MEANINGS}) == len(MEANINGS)
    assert first.phone_key.hex() not in repr(first)


def test_a_key_from_the_environment_wins_and_a_short_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_secrets(tmp_path)
    monkeypatch.setenv(variable("session_key"), "A" * 43)
    assert SecretKeys.load(tmp_path).session_key == bytes(32)
    monkeypatch.setenv(variable("session_key"), "A" * 8)
    with pytest.raises(InvalidInput, match="REGULARS_SECRET_SESSION_KEY: is not 32 bytes"):
        SecretKeys.load(tmp_path)


def test_missing_keys_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refused:
        SecretKeys.load(tmp_path)
    needed = [variable(name) for name in MEANINGS if name not in NOT_OF_EVERY_PART]
    assert [problem.field for problem in refused.value.problems] == needed


def test_keys_of_an_older_version_are_kept_and_the_new_one_is_added(tmp_path: Path) -> None:
    ensure_secrets(tmp_path)
    file = tmp_path / "secrets.json"
    older = json.loads(file.read_text())
    del older["backup_key"]
    file.write_text(json.dumps(older))
    assert SecretKeys.load(tmp_path).backup_key is None
    ensure_secrets(tmp_path)
    newer = json.loads(file.read_text())
    assert {name: newer[name] for name in older} == older
    assert len(SecretKeys.load(tmp_path).backup_key or b"") == 32


def test_generated_pages_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert reference(["--check"]) == 0, capsys.readouterr().out


def test_no_setting_reaches_the_tests_from_outside() -> None:
    assert [name for name in os.environ if name.startswith("REGULARS_")] == ["REGULARS_WEB_PROCESSES"]


def test_the_web_part_has_a_process_for_each_processor_but_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGULARS_WEB_PROCESSES")
    for cores, processes in ((1, 1), (2, 2), (64, 4)):
        monkeypatch.setattr(processors, "usable", lambda cores=cores: cores)
        assert load_settings(tmp_path).serving_processes == processes
    monkeypatch.setenv("REGULARS_WEB_PROCESSES", "7")
    assert load_settings(tmp_path).serving_processes == 7
    monkeypatch.setenv("REGULARS_WEB_PROCESSES", "")
    assert load_settings(tmp_path).serving_processes == 4
