"""Files of relations, and columns of customers' files that name somebody else."""

import asyncio
import csv
import io
from uuid import UUID

import pytest
from careloop_common import clock
from careloop_profile.imports.handlers import try_minors_again
from careloop_profile.imports.models import ImportRow
from careloop_profile.imports.service.relating import Relater, arrived
from sqlalchemy import text

PEOPLE = "id,kind,birth,phone\n"
CUSTOMERS = {
    "source": "crm",
    "key": "id",
    "fields": [
        {"column": "kind", "to": "kind"},
        {"column": "birth", "to": "birth_date"},
        {"column": "phone", "to": "phone"},
    ],
}
HEADER = (
    "from_id,from_source,to_id,to_source,organization_id,type,role,formal,influence,valid_from,valid_to\n"
)


def _related(**said):
    """A mapping that says so much of each row."""
    return {
        "source": "crm",
        "relations": [{"kind": "family", "from": {"column": "a"}, "to": {"column": "b"}} | said],
    }


_ARMED = text("SELECT count(*) FROM timer WHERE kind = 'import'")


@pytest.fixture
def people(run):
    """`await people("a,individual,,", …)`: customers of the CRM."""

    async def make(*rows):
        job, _ = await run((PEOPLE + "".join(f"{row}\n" for row in rows)).encode(), mapping=CUSTOMERS)
        assert job["rejected"] == 0
        return job

    return make


@pytest.fixture
def relations(run):
    """`await relations("a,,b,,,亲属,,,,,", …)`: the import of such rows, and its path."""

    async def make(*rows, encoding="utf-8", **description):
        data = (HEADER + "".join(f"{row}\n" for row in rows)).encode(encoding)
        return await run(data, **{"mapping": "crm-relations"} | description)

    return make


@pytest.fixture
def settled(stored, worker_running, eventually):
    """`await settled(2)`: what is known, once it is so many."""

    async def wait(many):
        async def enough():
            found = await stored()
            return found if len(found) == many else None

        async with worker_running():
            return await eventually(enough, timeout=30)

    return wait


@pytest.fixture
def stored(session):
    """`await stored()`: what is known, by the keys of the CRM."""

    async def read():
        rows = await session.execute(
            text("""
                SELECT ours.external_id, relationship.kind, theirs.external_id, role, influence,
                       CAST(valid_from AS text), CAST(valid_to AS text), relationship.state
                FROM relationship JOIN customer AS ours ON ours.id = from_id
                JOIN customer AS theirs ON theirs.id = to_id ORDER BY relationship.id
            """)
        )
        return [tuple(row) for row in rows]

    return read


def counts(job):
    return {name: number for name, number in job["relations"].items() if number}


async def test_each_row_becomes_a_relation_with_its_source_and_its_line(people, relations, stored, session):
    await people("firm,enterprise,,", "boss,individual,,", "clerk,individual,,", "home,household,,")
    job, _ = await relations(
        "boss,,firm,,,任职,,,,2020-01-01,",
        "clerk,,firm,,,任职,,,,2021-01-01,",
        "clerk,crm,boss,crm,firm,汇报,,是,,2021-01-01,",
        "boss,,clerk,,firm,影响,,否,-5,2021-01-01,",
        "boss,,home,,,家庭成员,户主,,,2019-05-01,",
        encoding="gb18030",
    )
    assert (job["state"], job["rows_read"], job["created"], job["rejected"]) == ("completed", 5, 5, 0)
    assert counts(job) == {"stated": 5}
    assert await stored() == [
        ("boss", "works_for", "firm", None, None, "2020-01-01", None, "confirmed"),
        ("clerk", "works_for", "firm", None, None, "2021-01-01", None, "confirmed"),
        ("clerk", "reports_to", "boss", None, None, "2021-01-01", None, "confirmed"),
        ("boss", "influences", "clerk", None, -5, "2021-01-01", None, "confirmed"),
        ("boss", "member_of", "home", "head", None, "2019-05-01", None, "confirmed"),
    ]
    lineage = (
        await session.execute(text("SELECT source, evidence, created_by FROM relationship ORDER BY id"))
    ).all()
    assert tuple(lineage[0]) == ("crm", "line 2", f"import:{job['import_id']}")


async def test_the_same_file_again_changes_nothing_and_a_later_one_ends_what_it_says(
    people, relations, stored
):
    await people("firm,enterprise,,", "a,individual,,", "b,individual,,")
    rows = ["a,,firm,,,任职,,,,2020-01-01,", "a,,b,,,亲属,,,,,", "b,,a,,firm,影响,,,3,2020-01-01,"]
    await relations(*rows)
    before = await stored()
    job, _ = await relations(*rows)
    assert (job["created"], job["updated"], job["unchanged"]) == (0, 0, 3)
    assert await stored() == before
    job, _ = await relations("a,,firm,,,任职,,,,2020-01-01,2024-06-01", "a,,firm,,,任职,,,,2025-01-01,")
    assert (job["created"], job["updated"], counts(job)) == (1, 1, {"stated": 1, "changed": 1})
    found = [row[5:7] for row in await stored() if row[1] == "works_for"]
    assert found == [("2020-01-01", "2024-06-01"), ("2025-01-01", None)]
    job, _ = await relations(*rows)
    assert (job["created"], job["updated"], job["unchanged"]) == (0, 0, 3), (
        "a file of yesterday undoes nothing"
    )
    job, _ = await relations("a,,b,,,亲属,,,,,2024-01-01")
    assert job["rejected"] == 1, "it began today"


async def test_wrong_rows_are_told_with_line_and_reason_and_the_rest_lands(
    people, relations, stored, rejects
):
    await people("firm,enterprise,,", *(f"{name},individual,," for name in "abcd"))
    job, path = await relations(
        "a,,a,,,亲属,,,,,",
        "a,,b,,firm,汇报,,,,2024-01-01,",
        "b,,c,,firm,汇报,,,,2024-01-01,",
        "c,,a,,firm,汇报,,,,2024-01-01,",
        "a,,b,,,同学,,,,,",
        "a,,b,,firm,影响,,,6,,",
        "a,,b,,firm,影响,,,,,",
        "a,,b,,firm,影响,,是,2,,",
        "a,,b,,,亲属,,,,2024-01-02,2024-01-01",
        "a,,b,,,亲属,,,,昨天,",
        '"=HYPERLINK(""x"")",,b,,,亲属,,,,,',
        ",,b,,,亲属,,,,,",
        "a,,firm,,,亲属,,,,,",
        "a,,d,,firm,汇报,,,,2024-02-01,",
        "a,,b,,,汇报,,,,,",
        "a,,b",
        "a,,b,,,亲属,,,,,2020-01-01",
        "c,,d,,,亲属,,,,,",
    )
    told = {int(one["line"]): (one["what"], one["column"], one["reason"]) for one in await rejects(path)}
    assert told == {
        2: ("row", "to_id", "relation_to_self"),
        5: ("row", "to_id", "line_in_circle"),
        6: ("row", "type", "value_not_mapped"),
        7: ("row", "influence", "out_of_range"),
        8: ("row", "to_id", "relation_not_allowed"),
        9: ("row", "formal", "formal_contradicts_type"),
        10: ("row", "to_id", "dates_reversed"),
        11: ("row", "valid_from", "not_a_date"),
        12: ("row", "from_id", "formula"),
        13: ("row", "from_id", "key_missing"),
        14: ("row", "to_id", "relation_not_allowed"),
        15: ("row", "to_id", "relation_overlaps"),
        16: ("row", "organization_id", "required_value_missing"),
        17: ("row", "", "ragged_row"),
        18: ("row", "to_id", "relation_not_found"),
    }
    assert (job["created"], job["rejected"]) == (3, 15)
    assert [row[:3] for row in await stored()] == [
        ("a", "reports_to", "b"),
        ("b", "reports_to", "c"),
        ("c", "family", "d"),
    ]


async def test_a_household_has_one_head_at_a_time_whoever_says_so(people, relations, stored, rejects):
    await people("a,individual,,", "b,individual,,", "c,individual,,", "home,household,,")
    told = []
    for rows in (
        ["a,,home,,,家庭成员,户主,,,2020-01-01,", "b,,home,,,家庭成员,户主,,,2021-01-01,"],
        ["a,,home,,,家庭成员,户主,,,2020-01-01,2024-01-01", "c,,home,,,家庭成员,户主,,,2023-01-01,"],
        ["c,,home,,,家庭成员,户主,,,2024-01-01,"],
    ):
        _, path = await relations(*rows)
        told += [(one["line"], one["reason"]) for one in await rejects(path)]
    assert told == [("3", "relation_overlaps")] * 2
    assert [(row[0], *row[5:7]) for row in await stored()] == [
        ("a", "2020-01-01", "2024-01-01"),
        ("c", "2024-01-01", None),
    ]


async def test_a_circle_over_what_was_known_before_is_refused(people, relations, rejects):
    await people("x,enterprise,,", "y,enterprise,,", "z,enterprise,,")
    await relations("x,,y,,,持股,,,,2020-01-01,", "y,,z,,,持股,,,,2020-01-01,2022-01-01")
    job, path = await relations("z,,x,,,持股,,,,2021-12-31,", "z,,x,,,持股,,,,2022-01-01,")
    assert [(one["line"], one["reason"]) for one in await rejects(path)] == [("2", "line_in_circle")]
    assert job["created"] == 1


async def test_a_row_whose_other_end_is_not_there_waits_and_is_settled_when_it_comes(
    people, relations, settled, client, rejects, session
):
    await people("a,individual,,")
    job, path = await relations("a,,firm,,,任职,,,,2020-01-01,", "a,,a,,,亲属,,,,,")
    assert (job["state"], job["created"], job["rejected"], job["relations"]["open"]) == ("completed", 0, 1, 1)
    told = [
        (one["line"], one["what"], one["column"], one["reason"], one["value"]) for one in await rejects(path)
    ]
    assert told == [
        ("2", "open", "to_id", "party_unknown", ""),
        ("3", "row", "to_id", "relation_to_self", ""),
    ]
    again, _ = await relations("a,,firm,,,任职,,,,2020-01-01,")
    assert again["relations"]["open"] == 1
    assert await session.scalar(text("SELECT count(*) FROM import_waiting")) == 1, "it waits once"
    await people("firm,enterprise,,")
    assert [row[:3] for row in await settled(1)] == [("a", "works_for", "firm")]
    job = (await client.get(f"/v1/imports/{again['import_id']}")).json()
    assert (job["created"], job["relations"]["open"], counts(job)) == (1, 0, {"stated": 1})


async def test_who_comes_while_what_waits_for_them_is_just_tried_is_not_missed(
    people, relations, register, runtime, session, eventually
):
    await people("a,individual,,")
    job, _ = await relations("b,,a,,,亲属,,,,,")
    relater, now = Relater(runtime.vault, 14), clock.now()
    async with runtime.database.transaction() as change:
        await change.execute(text("UPDATE import_waiting SET due = true"))
    async with runtime.database.transaction() as trying:
        row = await trying.get(ImportRow, UUID(job["import_id"]))
        assert await relater.settle(trying, row, 10, today=now.date(), now=now)
        armed = await trying.scalar(_ARMED)
        came = await register(source="crm", external_id="b")

        async def hear():
            async with runtime.database.transaction() as hearing:
                await arrived(hearing, [UUID(came["customer_id"])], now)

        heard = asyncio.create_task(hear())
        await eventually(lambda: _done_or_waiting(heard, runtime))
    await heard
    assert await session.scalar(text("SELECT due FROM import_waiting"))
    assert await session.scalar(_ARMED) == armed + 1
    await hear()
    assert await session.scalar(_ARMED) == armed + 2, "who tries may have passed over what was held here"


async def test_columns_of_a_customers_file_name_others_also_those_further_down(run, stored, rejects, client):
    mapping = CUSTOMERS | {
        "others": "ignore",
        "relations": [
            {"kind": "works_for", "to": {"column": "employer"}, "optional": True},
            {"kind": "reports_to", "to": {"column": "manager"}, "within": {"column": "employer"}},
            {"kind": "member_of", "to": {"column": "home"}, "role": {"column": "home_role"}},
            {"kind": "guardian", "from": {"column": "guardian"}},
        ],
    }
    rows = [
        "id,kind,birth,phone,employer,manager,home,home_role,guardian",
        "kid,individual,2020-01-01,,,,home,dependent,mum",
        "mum,individual,1990-01-01,,firm,chief,home,head,",
        "chief,individual,,,firm,chief,,,",
        "home,household,,,,,,,",
        "firm,enterprise,,,,,,,",
        "odd,individual,,,nobody,,home,boss,",
    ]
    data = ("\n".join(rows) + "\n").encode()
    job, path = await run(data, mapping=mapping)
    assert (job["created"], job["rejected"]) == (6, 0)
    assert sorted(row[:4] for row in await stored()) == [
        ("chief", "works_for", "firm", None),
        ("kid", "member_of", "home", "dependent"),
        ("mum", "guardian", "kid", None),
        ("mum", "member_of", "home", "head"),
        ("mum", "reports_to", "chief", None),
        ("mum", "works_for", "firm", None),
    ]
    assert counts(job) == {"stated": 6, "refused": 1, "open": 1}
    told = [(one["line"], one["what"], one["column"], one["reason"]) for one in await rejects(path)]
    assert told == [
        ("4", "value", "manager", "relation_to_self"),
        ("7", "open", "employer", "party_unknown"),
        ("7", "value", "home_role", "value_not_allowed"),
    ]
    again, _ = await run(data, mapping=mapping)
    assert (again["unchanged"], again["relations"]["unchanged"], again["relations"]["stated"]) == (6, 6, 0)
    quality = (await client.get(f"{path}/quality")).json()
    assert {"relations.from", "relations.to", "relations.within"} < {
        one["target"] for one in quality["key_fields"]
    }


async def test_a_minor_leads_once_somebody_is_the_guardian(people, relations, settled, rejects):
    await people("kid,individual,2020-01-01,", "mum,individual,1990-01-01,", "home,household,,")
    job, path = await relations("kid,,home,,,家庭成员,户主,,,,")
    assert (job["created"], job["relations"]["open"]) == (0, 1)
    assert [(one["what"], one["reason"]) for one in await rejects(path)] == [("open", "guardian_needed")]
    job, _ = await relations("kid,,mum,,,监护人,,,,,", "mum,,kid,,,监护人,,,,,")
    assert (job["created"], job["rejected"]) == (1, 1), "a child guards nobody"
    assert {row[:3] for row in await settled(2)} == {("mum", "guardian", "kid"), ("kid", "member_of", "home")}


async def test_a_minor_leads_also_once_somebody_else_than_a_file_says_who_the_guardian_is(
    people, relations, settled, session, client, runtime
):
    await people("kid,individual,2020-01-01,", "mum,individual,1990-01-01,", "home,household,,")
    await relations("kid,,home,,,家庭成员,户主,,,,")
    ids = dict((await session.execute(text("SELECT external_id, id FROM customer"))).all())
    said = {"kind": "guardian", "from_id": str(ids["mum"]), "to_id": str(ids["kid"])}
    assert (await client.post("/v1/relations", json=said)).status_code == 201
    async with runtime.database.transaction() as change:
        await change.execute(text("UPDATE import_waiting SET due = false"))
    await try_minors_again(runtime)
    assert await session.scalar(text("SELECT due FROM import_waiting"))
    assert {row[:3] for row in await settled(2)} == {("mum", "guardian", "kid"), ("kid", "member_of", "home")}


async def test_many_who_wait_for_one_are_settled_in_chunks_when_it_comes(
    people, relations, settled, client, session
):
    await people(*(f"p{n},individual,," for n in range(1200)))
    job, _ = await relations(*(f"p{n},,firm,,,任职,,,,2020-01-01," for n in range(1200)))
    assert (job["created"], job["relations"]["open"]) == (0, 1200)
    await people("firm,enterprise,,")
    await settled(1200)
    job = (await client.get(f"/v1/imports/{job['import_id']}")).json()
    assert (job["created"], job["relations"]["stated"], job["relations"]["open"]) == (1200, 1200, 0)


async def test_two_files_at_once_state_nothing_twice(
    upload, client, finished, worker_running, eventually, people, stored
):
    await people("firm,enterprise,,", *(f"p{n},individual,," for n in range(300)))
    data = (HEADER + "".join(f"p{n},,firm,,,任职,,,,2020-01-01,\n" for n in range(300))).encode()
    paths = [await upload(data, mapping="crm-relations") for _ in range(2)]
    for path in paths:
        await client.post(f"{path}/start")
    async with worker_running(), worker_running():
        jobs = [await eventually(lambda path=path: finished(path), timeout=60) for path in paths]
    assert sorted((job["created"], job["unchanged"]) for job in jobs) == [(0, 300), (300, 0)]
    assert len(await stored()) == 300


async def test_in_one_file_the_guardian_may_stand_below_what_needs_one(people, relations, stored):
    await people("kid,individual,2020-01-01,", "mum,individual,1990-01-01,", "home,household,,")
    job, _ = await relations("kid,,home,,,家庭成员,户主,,,,", "mum,,kid,,,监护人,,,,,")
    assert (job["created"], job["relations"]["open"]) == (2, 0)


async def test_ends_are_found_by_identifiers_that_only_one_person_has(people, run, stored, rejects):
    await people("a,individual,,138 0123 4567", "b,individual,,139 0123 4567", "c,individual,,139 0123 4567")
    mapping = {
        "source": "crm",
        "relations": [
            {
                "kind": "family",
                "from": {"column": "one", "by": "phone"},
                "to": {"column": "other"},
            }
        ],
    }
    job, path = await run(
        b"one,other\n+86 13801234567,b\n13901234567,a\n12,a\n13701234567,a\n", mapping=mapping
    )
    assert [row[:3] for row in await stored()] == [("a", "family", "b")]
    told = [(one["line"], one["what"], one["reason"]) for one in await rejects(path)]
    assert told[0] == ("3", "row", "party_ambiguous")
    assert told[1][:2] == ("4", "row")
    assert told[2] == ("5", "open", "party_unknown")
    assert job["rejected"] == 2


async def test_a_family_that_was_only_proposed_is_confirmed(people, relations, stored, session, runtime):
    await people("a,individual,,", "b,individual,,")
    await relations("b,,a,,,亲属,,,,2024-01-01,")
    async with runtime.database.transaction() as change:
        await change.execute(text("UPDATE relationship SET state = 'proposed'"))
    job, _ = await relations("a,,b,,,亲属,,,,2010-01-01,")
    assert job["updated"] == 1
    assert [row[5:] for row in await stored()] == [("2010-01-01", None, "confirmed")]
    decided = await session.scalar(text("SELECT decided_by FROM relationship"))
    assert decided == f"import:{job['import_id']}"


async def test_who_was_erased_is_waited_for_by_nobody(people, relations, client_as, session, rejects):
    await people("a,individual,,")
    await relations("a,,b,,,亲属,,,,,")
    assert await session.scalar(text("SELECT count(*) FROM import_waiting")) == 1
    customer = await session.scalar(text("SELECT id FROM customer"))
    officer = client_as("customers:read", "privacy:erase")
    answer = await officer.post("/v1/erasure-requests", json={"customer_id": str(customer)})
    assert answer.status_code == 202, answer.text
    assert await session.scalar(text("SELECT count(*) FROM import_waiting")) == 0
    job, path = await relations("a,,b,,,亲属,,,,,")
    assert [(one["what"], one["reason"]) for one in await rejects(path)] == [("row", "customer_erased")]
    assert job["relations"]["open"] == 0


async def test_of_who_was_erased_nothing_is_kept_whoever_else_a_row_names(
    people, run, client_as, session, rejects
):
    await people("a,individual,,138 7766 5544")
    customer = await session.scalar(text("SELECT id FROM customer"))
    officer = client_as("customers:read", "privacy:erase")
    await officer.post("/v1/erasure-requests", json={"customer_id": str(customer)})
    mapping = {
        "source": "crm",
        "relations": [
            {"kind": "family", "from": {"column": "one"}, "to": {"column": "other"}},
            {"kind": "family", "from": {"column": "one"}, "to": {"column": "phone", "by": "phone"}},
        ],
    }
    for place, header in enumerate(("one,other", "one,phone")):
        rows = "nobody,a\n" if place == 0 else "nobody,13877665544\n13877665544,13800138001\n"
        alone = mapping | {"relations": [mapping["relations"][place]]}
        job, path = await run(f"{header}\n{rows}".encode(), mapping=alone)
        insider = client_as("imports:read", "customers:personal")
        told = await rejects(path, insider)
        assert (told[0]["line"], told[0]["what"], told[0]["reason"]) == ("2", "row", "customer_erased")
        assert told[0]["value"] == ""
        assert job["relations"]["open"] == place, "of somebody else who is not there, it waits"


@pytest.mark.parametrize(
    "mapping",
    [
        {"source": "crm"},
        {"source": "crm", "relations": [{"kind": "family", "to": {"column": "b"}}]},
        {"source": "crm", "key": "a", "relations": [{"kind": "family"}]},
        {
            "source": "crm",
            "key": "a",
            "relations": [{"kind": "family", "to": {"column": "b"}, "from": {"column": "c"}}],
        },
        {"source": "crm", "key": "a", "relations": [{"kind": "family", "to": {"column": "b", "by": "name"}}]},
        {"source": "crm", "relations": [], "fields": [{"column": "x", "to": "name"}]},
        _related(kind="brother"),
        _related(kind={"column": "c", "map": {"兄弟": "brother", "*": ""}}),
        _related(role="boss"),
        _related(influence=9),
        _related(valid_from="gestern"),
        _related(title={"column": "c", "map": {"*": "=cmd()"}}),
    ],
)
async def test_a_mapping_that_cannot_be_meant_is_refused(client, mapping):
    answer = await client.post("/v1/imports", json={"mapping": mapping, "filename": "x.csv"})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_a_kept_mapping_comes_back_as_it_was_sent(client):
    mapping = {
        "source": "crm",
        "relations": [{"kind": "family", "from": {"column": "a"}, "to": {"column": "b", "source": "bss"}}],
    }
    await client.put("/v1/import-mappings/mine", json=mapping)
    found = (await client.get("/v1/import-mappings/mine")).json()["mapping"]
    assert found["relations"][0]["from"]["column"] == "a"
    assert "from_" not in found["relations"][0]
    again = await client.post("/v1/imports", json={"mapping": found, "filename": "x.csv"})
    assert again.status_code == 201, again.text


async def test_the_report_of_relations_is_harmless_to_spreadsheets(people, relations, client):
    await people("a,individual,,")
    _, path = await relations('a,,"@SUM(1)",,,亲属,,,,,')
    told = list(csv.DictReader(io.StringIO((await client.get(f"{path}/rejects")).text)))
    assert told[0]["reason"] == "formula"
    assert not any(cell.startswith(("=", "@")) for cell in told[0].values())


async def _done_or_waiting(task, runtime):
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with runtime.database.transaction() as session:
        return task.done() or await session.scalar(waiting)
