import pytest
from careloop_local.client import read_key
from careloop_local.errors import LocalError


def test_a_key_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "admin.key").mkdir()
    for path in (tmp_path / "admin.key", tmp_path / "gone"):
        with pytest.raises(LocalError, match=f"{path.name} cannot be read"):
            read_key(path)
