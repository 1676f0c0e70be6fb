import argparse

import pytest
from careloop_local.simulator import command


@pytest.fixture
def simulate():
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return lambda *words: command.run(parser.parse_args(words))


def test_equal_seeds_and_days_give_equal_files(simulate, tmp_path, capsys):
    for folder in ("a", "b"):
        assert simulate(
            "--customers", "40", "--interactions", "50", "--complaints", "9",
            "--seed", "5", "--today", "2026-03-02", "--out", str(tmp_path / folder),
        ) == 0  # fmt: skip
    for name in ("customers.csv", "interactions.jsonl", "complaints.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "40 customers" in capsys.readouterr().out


def test_a_negative_size_is_refused(simulate, tmp_path, capsys):
    with pytest.raises(SystemExit):
        simulate("--customers", "-1", "--out", str(tmp_path))
    assert "must not be negative" in capsys.readouterr().err
