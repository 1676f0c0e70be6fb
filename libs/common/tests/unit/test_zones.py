import pytest
from careloop_common import zones


@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai", "America/Argentina/Buenos_Aires", "Etc/GMT+8"])
def test_a_zone_is_found_by_its_name(name):
    assert zones.zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "localtime",
        "posixrules",
        "Factory",
        "right/UTC",
        "posix/UTC",
        "Moon/Base",
        "Europe",
        "/etc/passwd",
        "asia/shanghai",
    ],
)
def test_what_only_some_machine_takes_for_a_zone_is_none(name):
    with pytest.raises(ValueError, match="no time zone"):
        zones.zone(name)
