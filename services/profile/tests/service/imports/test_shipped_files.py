"""Whole public files of telecom customers by the mappings that ship. The files are not part of the repository."""

import csv
import os
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

pytestmark = pytest.mark.timeout(300)

FOLDER = Path(os.environ.get("CARELOOP_DATA", Path(__file__).resolve().parents[5] / ".." / "shared" / "data"))
COUNTED = """
    SELECT customer.status, count(*), count(joined_on), count(region), count(subscription.monthly_fee),
           count(*) FILTER (WHERE 'elderly' = ANY(care_flags)), count(*) FILTER (WHERE language = 'en')
    FROM customer JOIN subscription ON customer_id = id WHERE source = :source GROUP BY customer.status
"""


@pytest.fixture
def real_file():
    """`real_file(name)`: its bytes and its rows."""

    def read(name):
        if not (FOLDER / name).exists():
            pytest.skip(f"{name} is not here; see CARELOOP_DATA")
        data = (FOLDER / name).read_bytes()
        return data, list(csv.DictReader(data.decode("utf-8-sig").splitlines()))

    return read


@pytest.fixture
def counted(session):
    """`await counted(source)`: by status how many customers, and how many of them have what."""

    async def count(source):
        rows = await session.execute(text(COUNTED), {"source": source})
        return {row[0]: tuple(row[1:]) for row in rows}

    return count


def columns_of(report):
    return {column["column"]: column for column in report["columns"]}


async def test_every_customer_of_the_maven_file_lands(run, client, counted, real_file, rejects):
    data, rows = real_file("maven_telecom_7043.csv")
    job, path = await run(data, mapping="maven-telecom", filename="maven_telecom_7043.csv")
    assert (job["state"], job["created"], job["rejected"]) == ("completed", len(rows), 0)
    churned = Counter(row["Customerstatus "] == "Churned" for row in rows)
    credited = Counter(
        row["Customerstatus "] == "Churned" for row in rows if float(row["Monthlycharge "]) < 0
    )
    elderly = Counter(row["Customerstatus "] == "Churned" for row in rows if int(row["Age"]) >= 65)
    assert await counted("maven-telecom") == {
        status: (
            churned[is_],
            churned[is_],
            churned[is_],
            churned[is_] - credited[is_],
            elderly[is_],
            churned[is_],
        )
        for status, is_ in (("active", False), ("left", True))
    }
    report = (await client.get(f"{path}/quality")).json()
    columns = columns_of(report)
    assert report["reasons"] == {}, "no row was lost"
    assert (columns["Monthlycharge"]["invalid"], report["duplicates"]) == (credited.total(), 0)
    assert columns["Churnreason"]["filled"] == sum(bool(row["Churnreason "]) for row in rows)
    assert {one["reason"] for one in await rejects(path)} == {"out_of_range"}
    assert report["key_fields"][0]["correct_share"] == 1.0


async def test_every_customer_of_the_mlc_file_lands(run, client, counted, real_file):
    data, rows = real_file("mlc_churn_5000.csv")
    job, path = await run(data, mapping="mlc-churn", filename="mlc_churn_5000.csv")
    assert (job["state"], job["created"], job["rejected"]) == ("completed", len(rows), 0)
    churned = Counter(row["churn"] for row in rows)
    assert await counted("mlc-churn") == {
        status: (churned[word], 0, churned[word], 0, 0, churned[word])
        for status, word in (("active", "no"), ("left", "yes"))
    }
    columns = columns_of((await client.get(f"{path}/quality")).json())
    assert all((column["invalid"], column["filled_share"]) == (0, 1.0) for column in columns.values())
    assert columns["state"]["distinct"] == len({row["state"] for row in rows})
    overall = (await client.get("/v1/quality")).json()["sources"]
    assert [(one["source"], one["customers"]) for one in overall] == [("mlc-churn", len(rows))]
    [customer] = (
        await client.get("/v1/customers", params={"source": "mlc-churn", "external_id": rows[0]["rownames"]})
    ).json()["items"]
    assert customer["region"] == rows[0]["state"]
    assert customer["attributes"]["voice_mail_plan"] == (rows[0]["voice_mail_plan"] == "yes")
    assert customer["attributes"]["service_calls"] == float(rows[0]["number_customer_service_calls"])
