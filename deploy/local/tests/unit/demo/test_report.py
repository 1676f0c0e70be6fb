from io import StringIO

import pytest
from careloop_local.demo.outcome import Outcome, Visit
from careloop_local.demo.report import Report
from rich.console import Console


@pytest.fixture
def log():
    return StringIO()


@pytest.fixture
def report(log):
    return Report(Console(file=log, width=120, force_terminal=False))


def test_a_station_passes_when_all_its_expectations_hold():
    outcome = Outcome()
    outcome.expect("all stored", True)
    assert Visit("Import", outcome, 1.0).passed
    outcome.expect("none lost", False, "2 lost")
    visit = Visit("Import", outcome, 1.0)
    assert not visit.passed
    assert [str(item) for item in outcome.broken] == ["none lost (2 lost)"]


def test_a_failed_or_missed_station_does_not_pass():
    assert not Visit("Import", Outcome(), 1.0, failure="TooLate").passed
    assert not Visit.missed("Import").passed


def test_the_table_says_what_happened_and_what_was_expected(report, log):
    outcome = Outcome()
    outcome.show("imported", "5,000")
    outcome.expect("imported = rows − rejected", True, "5,000 / 5,000")
    outcome.expect("nothing lost", False, "1 lost")
    report.table([Visit("Import", outcome, 2.5), Visit("Scoring", Outcome(), 0.1, failure="TooLate: no run")])
    text = log.getvalue()
    assert "imported: 5,000" in text
    assert "✓ imported = rows − rejected (5,000 / 5,000)" in text
    assert "✗ nothing lost (1 lost)" in text
    assert "✗ TooLate: no run" in text


async def test_progress_is_visible_without_a_terminal(report, log):
    async with report.open():
        line = report.start("Import")
        line.update(10, 100, "rows")
        line.close()
    assert log.getvalue().splitlines() == ["· Import", "  Import: 10/100 rows"]


def test_brackets_in_data_are_not_markup(report, log):
    outcome = Outcome()
    outcome.show("reason", "[red]x[/nothing]")
    report.table([Visit("A", outcome, 0.0, failure="bad [/value]")])
    assert "[red]x[/nothing]" in log.getvalue()
    assert "bad [/value]" in log.getvalue()
