"""What cannot be read is refused with the line and the reason; the rest of the file lands."""

import pytest

HEADER = "id,name,phone,fee,status,city\n"


async def test_rejected_rows_are_listed_with_line_and_reason(run, client, client_as, rejects):
    data = HEADER + (
        "1,张伟,13801234567,39,在,北京\n"
        ",李娜,13901234567,39,在,北京\n"
        "3,王芳,13701234567,gratis,在,北京\n"
        "1,赵敏,13601234567,39,在,上海\n"
        "5,too,few\n"
        "\n"
        "6,陈杰,13800138000,39,在,深圳\n"
    )
    job, path = await run(data.encode())
    assert (job["rows_read"], job["accepted"], job["rejected"]) == (6, 2, 4)
    found = [(row["line"], row["what"], row["column"], row["reason"]) for row in await rejects(path)]
    assert found == [
        ("3", "row", "id", "key_missing"),
        ("4", "row", "fee", "not_a_number"),
        ("5", "row", "id", "duplicate_key"),
        ("6", "row", "", "ragged_row"),
        ("8", "value", "phone", "placeholder"),
    ]
    assert all(row["value"] == "" for row in await rejects(path))
    open_eyed = await rejects(path, client_as("imports:read", "customers:personal"))
    assert [row["value"] for row in open_eyed] == ["", "gratis", "1", "", "13800138000"]


async def test_formula_cells_are_harmless_in_the_report(run, client_as, rejects):
    _, path = await run((HEADER + "1,n,13801234567,\"=cmd|'/c calc'!A0\",在,x\n").encode())
    [row] = await rejects(path, client_as("imports:read", "customers:personal"))
    assert row["value"].startswith("'=cmd")


async def test_the_quality_report_counts_by_column(run, client, rows):
    data = HEADER + "1,张伟,138-0123-4567,39,在,北京\n2,李娜,13800138000,39,在,\n2,王芳,,39,在,北京\n"
    _, path = await run(data.encode())
    report = (await client.get(f"{path}/quality")).json()
    columns = {column["column"]: column for column in report["columns"]}
    assert columns["city"] == {
        "column": "city",
        "filled": 2,
        "filled_share": 0.6667,
        "distinct": 1,
        "distinct_exact": True,
        "invalid": 0,
        "repaired": 0,
    }
    assert (columns["phone"]["filled"], columns["phone"]["invalid"]) == (2, 1)
    assert report["duplicates"] == 1
    fields = {field["target"]: field for field in report["key_fields"]}
    assert (fields["external_id"]["correct"], fields["phone"]["correct_share"]) == (2, 0.5)


HOSTILE = {
    "empty": (b"", "empty_file"),
    "blank lines": (b"\n\n\n", "empty_file"),
    "duplicate header": (b"id,name,id\n1,a,2\n", "duplicate_column"),
    "other columns": (b"a,b\n1,2\n", "missing_columns"),
    "utf-16": (HEADER.encode("utf-16"), "unsupported_encoding"),
    "nul header": (b"id\0,name\n", "unreadable_header"),
    "binary": (bytes(range(256)) * 40, "unreadable_header"),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_a_hopeless_file_ends_with_a_reason(run, client, case, rejects):
    data, code = HOSTILE[case]
    job, path = await run(data)
    assert (job["state"], job["failure"]["code"]) == ("failed", code)
    assert (await client.get(f"{path}/quality")).status_code == 200
    assert (await client.get(f"{path}/rejects")).status_code == 200


async def test_a_header_alone_is_a_complete_file(run):
    job, _ = await run(HEADER.encode())
    assert (job["state"], job["rows_read"]) == ("completed", 0)


async def test_a_hostile_file_keeps_its_goodrows(run, client, rejects):
    good = [f"{n},客户{n},1380123{n:04d},10,在,北京".encode() for n in range(6)]
    lines = [
        b"\xef\xbb\xbf" + HEADER.strip().encode(),
        good[0],
        b'"quoted ""id""","multi\nline",13801239999,10,x,y\r',
        good[1],
        b"a\0b,name,,10,x,y",
        good[2],
        b"latin,\xe9\xe8\xff,,10,x,y",
        b'big,"' + b"x" * (10 << 20) + b'",,10,x,y',
        good[3],
        b"wide" + b"," * 500,
        b'=HYPERLINK("http://x"),@SUM(A1),13801238888,10,x,y',
        good[4],
        b'open,"never closed,,10,x,y',
        good[5],
    ]
    job, path = await run(b"\n".join(lines), encoding="utf-8", part=8 << 20)
    assert job["state"] == "completed"
    reasons = [(row["line"], row["reason"]) for row in await rejects(path) if row["what"] == "row"]
    assert reasons == [
        ("6", "nul_character"),
        ("8", "wrong_encoding"),
        ("9", "record_too_large"),
        ("11", "ragged_row"),
        ("14", "unterminated_quote"),
    ]
    assert job["accepted"] == 8
    found = (await client.get("/v1/customers", params={"external_id": 'quoted "id"'})).json()["items"]
    assert len(found) == 1


async def test_what_is_no_parquet_file_ends_with_a_reason(run):
    for data in (b"", b"PAR1 nonsense PAR1"):
        job, _ = await run(data, format="parquet")
        assert (job["state"], job["failure"]["code"]) == ("failed", "unreadable_file")


async def test_a_damaged_upload_is_not_read(run, client, upload, rows):
    data = (HEADER + rows(3)).encode()
    job, _ = await run(data, sha256="0" * 64)
    assert job["failure"]["code"] == "checksum_mismatch"
    path = await upload(data, size=len(data) + 1)
    answer = await client.post(f"{path}/start")
    assert (answer.status_code, answer.json()["code"]) == (409, "import_parts_missing")
