import subprocess
import sys

from careloop_local import cli


def test_ctrl_c_while_a_command_is_being_loaded_is_quiet(monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    assert cli.main(["up"]) == 130
    assert capsys.readouterr().err == ""


def test_nothing_that_takes_its_time_is_loaded_before_ctrl_c_is_heeded():
    look = "import sys, careloop_local.cli; print(sorted({'pydantic', 'asyncpg', 'rich', 'aiohttp'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"
