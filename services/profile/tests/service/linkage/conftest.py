import pytest
from careloop_common import clock
from careloop_profile.linkage import handlers
from careloop_profile.reconciliation.service import Reconciler

BORN = {"attributes": {"birth_date": "1985-03-07"}}


@pytest.fixture
def settings_overrides():
    """No run begins by itself, whatever time it is."""
    return {"linkage_run_hour": 24}


@pytest.fixture
def document():
    """A small model of names, phone numbers and birth dates; its weights are round."""

    def level(when, m, u):
        return {"when": when, "m": m, "u": u}

    return {
        "name": "small",
        "fields": [
            {"name": "name", "source": "name", "spelling": "name"},
            {"name": "phone", "source": "phone", "spelling": "code"},
            {"name": "birth_date", "source": "attributes.birth_date", "spelling": "date"},
        ],
        "keys": [["phone"], ["birth_date"]],
        "comparisons": [
            {
                "field": "name",
                "levels": [
                    level("equal", 0.8, 0.001), level("jaro_winkler 0.88", 0.15, 0.004), level("else", 0.05, 0.995)
                ],
            },
            {"field": "phone", "levels": [level("equal", 0.7, 1e-4), level("else", 0.2, 0.9999)]},
            {"field": "birth_date", "levels": [level("equal", 0.9, 1e-4), level("else", 0.05, 0.9979)]},
        ],
        "prior": 1e-3,
    }  # fmt: skip


@pytest.fixture
async def model(client, document):
    answer = await client.put("/v1/linkage-models", json=document)
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
def link(runtime):
    """`await link(one, other)`: what the worker does when it hears of customers."""

    async def run(*customers):
        ids = {customer["customer_id"] for customer in customers}
        async with runtime.database.transaction() as session:
            await handlers.linker(runtime.vault).link(session, ids, now=clock.now())

    return run


@pytest.fixture
def queue(client):
    async def read(**params):
        answer = await client.get("/v1/match-reviews", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return read


@pytest.fixture
def person(client):
    async def read(customer):
        return (await client.get(f"/v1/customers/{customer['customer_id']}/person")).json()

    return read


@pytest.fixture
def alike(register):
    """Two customers of whom the model is certain, though no rule joins them."""

    async def make(phone="13812347781", **other):
        one = await register(name="Wei Zhang", phone=phone, **BORN)
        return one, await register(**{"name": "Wei Zhong", "phone": phone, **BORN, **other})

    return make


@pytest.fixture
def doubtful(register):
    """Two customers of whom the model thinks so, and is not certain."""

    async def make(**other):
        one = await register(name="Wei Zhang", phone="13812347781", **BORN)
        return one, await register(name="Wei Zhong", phone="13987651320", **BORN, **other)

    return make


@pytest.fixture
def decide(client):
    async def post(review, answer, reason="I called them"):
        return await client.post(f"/v1/match-reviews/{review['review_id']}/{answer}", json={"reason": reason})

    return post


@pytest.fixture
def newer(client, document):
    """`await newer()`: a model is published that makes little of birth dates."""

    async def publish(*, u=0.3):
        for field in document["comparisons"]:
            if field["field"] == "birth_date":
                field["levels"][0]["u"] = u
        answer = await client.put("/v1/linkage-models", json=document)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return publish


@pytest.fixture
def run(client, runtime):
    """`await run()`: begins a run over all customers and does all of it; returns how it ended."""

    async def to_the_end(*, limit=50, splits=False):
        begun = await client.post("/v1/linkage-runs")
        assert begun.status_code == 202, begun.text
        reconciler = Reconciler(runtime.vault, splits=splits)
        more = True
        while more:
            async with runtime.database.transaction() as session:
                more = await reconciler.step(session, now=clock.now(), limit=limit)
        return (await client.get(begun.headers["location"])).json()

    return to_the_end


@pytest.fixture
def findings(client):
    async def read(run, **params):
        answer = await client.get(f"/v1/linkage-runs/{run['run_id']}/findings", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    return read


@pytest.fixture
def chain(register, link, model):
    """Three customers of one person; the birth date alone joined the last one."""

    async def make():
        one, other = (
            await register(name="Wei Zhang", phone="13812347781", **BORN),
            await register(name="Wei Zhong", phone="13812347781", **BORN),
        )
        last = await register(name="Wei Zhong", phone="13987651320", **BORN)
        for customer in (one, other, last):
            await link(customer)
        return one, other, last

    return make
