import pytest
from careloop_local.demo import rules

STANDARD = {
    "name": "Standard",
    "satisfaction_seconds": 259_200,
    "clocks": {
        name: {
            "start": ["opened"],
            "stop": ["resolved"],
            "targets": [{"when": "vip", "seconds": 43_200}, {"seconds": 86_400}],
            "ladders": [{"ladder": "standard"}],
        }
        for name in ("first_response", "resolution", "of their own")
    },
    "ladders": {
        "standard": [
            {"name": "breach", "percent": 100, "after_seconds": None, "action": "notify", "level": "manager"}
        ]
    },
}


class Platform:
    """The two policies of a platform, behind the gateway's methods that the rules use."""

    def __init__(self):
        self.clocks, self.contact = STANDARD, {"callback_seconds": 172_800, "quiet_hours": {"start": "21:00"}}

    async def get(self, path, **_):
        return {"items": [{"document": self.clocks}]} if "sla" in path else {"policy": self.contact}

    async def put(self, path, body):
        if "sla" in path:
            self.clocks = body
        else:
            self.contact = body


def test_targets_are_seconds_and_ladders_stay():
    found = rules.hurried(STANDARD)
    assert found["clocks"]["resolution"]["targets"] == rules.RESOLUTION
    assert found["clocks"].keys() == rules.TARGETS.keys()
    assert found["ladders"]["standard"] == [
        {"name": "breach", "percent": 100, "action": "notify", "level": "manager"}
    ]


async def test_the_earlier_policies_are_back_afterwards():
    platform = Platform()
    async with rules.in_force(platform):
        assert platform.clocks["name"] == "Demo"
        assert platform.contact == {"callback_seconds": rules.CALLBACK_SECONDS, "quiet_hours": None}
    assert platform.clocks["clocks"] == STANDARD["clocks"]
    assert platform.contact["callback_seconds"] == 172_800


async def test_they_are_back_after_a_failure_too():
    platform = Platform()
    with pytest.raises(RuntimeError):
        async with rules.in_force(platform):
            raise RuntimeError
    assert platform.clocks["name"] == "Standard"
