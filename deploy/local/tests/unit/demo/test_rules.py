import pytest
from careloop_local.client import Gateway
from careloop_local.demo import rules
from careloop_local.demo.earlier import DemoRuns, Earlier

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


OWN = {**STANDARD, "name": "Of our own"}


class Platform(Gateway):
    """The two policies of a platform, behind the methods of the gateway that the rules use."""

    def __init__(self):
        self.versions = [STANDARD]
        self.contact = {"callback_seconds": 172_800, "quiet_hours": {"start": "21:00"}}

    @property
    def clocks(self):
        return self.versions[0]

    async def get(self, path, *, limit=100, cursor=None):
        if "contact" in path:
            return {"policy": self.contact}
        at = int(cursor or 0)
        versions = self.versions[at : at + min(limit, 2)]
        more = str(at + 2) if at + 2 < len(self.versions) else None
        return {"items": [{"document": document} for document in versions], "next_cursor": more}

    async def put(self, path, body):
        if "sla" in path:
            self.versions.insert(0, body)
        else:
            self.contact = body


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def earlier(tmp_path):
    return Earlier(tmp_path)


async def kill(platform, earlier):
    """A demo that ends with no chance to put anything back."""
    async with rules.in_force(platform, earlier):
        left = list(platform.versions), platform.contact, earlier.recall()
    platform.versions, platform.contact = left[:2]
    earlier.remember(**left[2])


def test_targets_are_seconds_and_ladders_stay():
    found = rules.hurried(STANDARD)
    assert found["clocks"]["resolution"]["targets"] == rules.RESOLUTION
    assert found["clocks"].keys() == rules.TARGETS.keys()
    assert found["ladders"]["standard"] == [
        {"name": "breach", "percent": 100, "action": "notify", "level": "manager"}
    ]


async def test_the_earlier_policies_are_back_afterwards(platform, earlier):
    async with rules.in_force(platform, earlier):
        assert platform.clocks["name"] == "Demo"
        assert platform.contact == {"callback_seconds": rules.CALLBACK_SECONDS, "quiet_hours": None}
    assert platform.clocks["clocks"] == STANDARD["clocks"]
    assert platform.contact["callback_seconds"] == 172_800
    assert earlier.recall() is None


async def test_they_are_back_after_a_failure_too(platform, earlier):
    with pytest.raises(RuntimeError):
        async with rules.in_force(platform, earlier):
            raise RuntimeError
    assert platform.clocks["name"] == "Standard"


async def test_after_a_demo_that_was_killed_the_next_one_puts_them_back(platform, earlier):
    await kill(platform, earlier)
    assert platform.clocks["name"] == "Demo"
    async with rules.in_force(platform, earlier):
        assert earlier.recall()["clocks"]["name"] == "Standard"
    assert platform.clocks["name"] == "Standard"
    assert platform.contact["callback_seconds"] == 172_800


async def test_what_was_put_in_force_since_stays(platform, earlier):
    await kill(platform, earlier)
    await platform.put("/v1/sla-policies", OWN)
    await platform.put("/v1/contact-policy", {"callback_seconds": 60, "quiet_hours": None})
    assert await rules.put_back(platform, earlier)
    assert platform.clocks == OWN
    assert platform.contact["callback_seconds"] == 60


async def test_without_a_note_the_newest_policy_of_others_is_the_earlier_one(platform, earlier):
    platform.versions = [rules.hurried(STANDARD)] * 5 + [OWN, STANDARD]
    async with rules.in_force(platform, earlier):
        pass
    assert platform.clocks["name"] == "Of our own"


async def test_two_demos_of_one_home_are_one_too_many(earlier):
    async with earlier.held():
        with pytest.raises(DemoRuns):
            async with Earlier(earlier.directory).held(within=0):
                pass
    async with earlier.held(within=0):
        pass


@pytest.mark.parametrize("note", ["", "[]", "{}", "\x00"])
def test_a_torn_note_is_none(earlier, note):
    (earlier.directory / "earlier-policies.json").write_text(note)
    assert earlier.recall() is None
