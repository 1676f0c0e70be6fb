"""The check on declared dependencies: it finds what is imported and not declared, and nothing else."""

import declared
import pytest


@pytest.fixture
def member(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "careloop-some"\ndependencies = ["PyYAML>=6", "other_lib[extra]>=1 ; python_version > \'3\'"]\n'
        '[project.optional-dependencies]\nmore = ["pytest"]\n'
    )
    (tmp_path / "src").mkdir()

    def make(source):
        (tmp_path / "src" / "module.py").write_text(source)
        return [found.rpartition(": ")[2] for found in declared.undeclared(tmp_path, OWNERS)]

    return make


OWNERS = {"yaml": ["PyYAML"], "other": ["other.lib"], "shared": ["one-part", "pytest"], "astral": ["Moon"]}


def test_what_is_declared_under_whatever_spelling_is_fine(member):
    assert member("import yaml, other.deep\nfrom shared.x import y\nimport careloop_some\n") == []


def test_the_standard_library_and_one_s_own_modules_need_no_declaration(member):
    assert member("import os.path\nfrom . import sibling\nfrom .near import thing\n") == []


def test_what_only_happens_to_be_there_is_named_also_inside_of_functions(member):
    source = "import yaml\ndef f():\n    from astral.body import sun\n"
    assert member(source) == ["imports astral, of moon"]


def test_a_member_of_the_workspace_is_a_distribution_like_any(member):
    assert member("import careloop_other\n") == ["imports careloop_other, of careloop-other"]


def test_every_distribution_declares_what_it_imports():
    assert declared.main() == 0
