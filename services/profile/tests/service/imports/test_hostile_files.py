"""Files that want to do harm, or were made by nobody who looked: what is bad is named, the rest lands."""

import pytest

HEADER = "id,name,phone,fee,status,city\n"


def good(number):
    return f"{number},客户,1380123{number:04d},10,在,北京\n"


async def landed(client):
    return {one["external_id"] for one in (await client.get("/v1/customers")).json()["items"]}


@pytest.mark.parametrize(
    "mark", [b"", b"\xef\xbb\xbf", "\ufeff".encode("gb18030")], ids=["none", "utf-8", "gb18030"]
)
async def test_a_byte_order_mark_before_a_quoted_header_makes_no_difference(run, client, mark):
    encoding = "gb18030" if mark == "\ufeff".encode("gb18030") else "utf-8"
    lines = '"id","name",phone,fee,status,city\n' + good(1)
    job, _ = await run(mark + lines.encode(encoding), encoding=encoding)
    assert (job["state"], job["created"]) == ("completed", 1)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
async def test_wide_encodings_end_with_a_reason_with_and_without_their_mark(run, encoding):
    for mark in ("\ufeff", ""):
        job, _ = await run((mark + HEADER + good(1)).encode(encoding))
        assert job["state"] == "failed"
        assert job["failure"]["code"] in {"unsupported_encoding", "unreadable_header"}


async def test_rows_of_another_encoding_are_named_and_the_others_land(run, client, rejects):
    data = HEADER.encode() + good(1).encode() + good(2).encode("gb18030") + good(3).encode()
    job, path = await run(data)
    assert (job["created"], job["rejected"]) == (2, 1)
    assert [(row["line"], row["reason"]) for row in await rejects(path)] == [("3", "wrong_encoding")]
    assert await landed(client) == {"1", "3"}


async def test_files_put_together_of_files_are_read_through(run, client, rejects):
    one, other = (HEADER + good(1)).encode("utf-8-sig"), (HEADER + good(2)).encode("utf-8-sig")
    job, path = await run(one + other)
    assert (job["created"], job["rejected"]) == (2, 1)
    assert [(row["line"], row["reason"]) for row in await rejects(path)] == [("3", "repeated_header")]


async def test_formulas_are_kept_as_text_pointed_at_and_harmless_where_they_are_shown(
    run, client, client_as, rejects
):
    rows = ["=1+1", "+cmd|' /C calc'!A0", "@SUM(A1:A9)", "-2+3"]
    lines = "".join(f'{n},"{cell}",13801230{n:03d},"{cell}",在,"{cell}"\n' for n, cell in enumerate(rows))
    job, path = await run((HEADER + lines + good(9)).encode())
    assert (job["created"], job["rejected"]) == (1, 4)
    shown = await rejects(path, client_as("imports:read", "customers:personal"))
    assert [row["value"] for row in shown] == [f"'{cell}" for cell in rows]
    harmless = "".join(f'{n},"=A{n}",13801230{n:03d},10,在,"{cell}"\n' for n, cell in enumerate(rows))
    job, _ = await run((HEADER + harmless).encode())
    assert job["created"] == 4
    flags = {one["rule"] for one in (await client.get("/v1/quality-issues")).json()["items"]}
    assert "formula" in flags


async def test_what_only_looks_like_a_number_costs_nothing(run, client):
    cells = ["--5", "---", "-.", "1.2.3", "1e999", "٣", "²", "-0-"]
    lines = "".join(f"{n},客户,1380123{n:04d},10,在,{cell}\n" for n, cell in enumerate(cells))
    job, _ = await run((HEADER + lines).encode())
    assert (job["state"], job["created"]) == ("completed", len(cells))
    shown = {
        one["external_id"]: one["attributes"] for one in (await client.get("/v1/customers")).json()["items"]
    }
    assert shown["0"]["city"] == "--5"


async def test_quotes_and_nuls_cost_their_row_only(run, client, rejects):
    lines = [
        HEADER.strip(),
        '1,a"b,13801230001,10,在,"x""y"',
        "2,nul\0,13801230002,10,在,x",
        '3,"two\nlines",13801230003,10,在,x',
        '4,"tail"x,13801230004,10,在,x',
        good(5).strip(),
        '"6,open,13801230006,10,在,x',
    ]
    _, path = await run("\n".join(lines).encode())
    refused = {row["line"]: row["reason"] for row in await rejects(path) if row["what"] == "row"}
    assert refused == {"3": "nul_character", "8": "ragged_row"}
    assert await landed(client) == {"1", "3", "4", "5"}


async def test_five_hundred_columns_are_read_and_more_than_a_thousand_are_not(run, client, rejects, mapping):
    many = [f"c{number}" for number in range(500)]
    header, cells = HEADER.strip() + "," + ",".join(many), good(1).strip() + "," + ",".join("x" * 500)
    job, _ = await run(f"{header}\n{cells}\n".encode(), mapping=mapping | {"others": "ignore"})
    assert (job["state"], job["created"]) == ("completed", 1)
    _, path = await run(f"{header}\n{cells}\n".encode())
    assert [row["reason"] for row in await rejects(path)] == ["too_many_facts"]
    job, _ = await run(f"{HEADER.strip()}{',x' * 1000}\n".encode())
    assert job["failure"]["code"] == "unreadable_header"


async def test_huge_cells_cost_their_row_only(run, client, rejects):
    data = HEADER + good(1) + f"2,{'x' * 140_000},,10,在,x\n" + f"3,{'x' * (2 << 20)},,10,在,x\n" + good(4)
    _, path = await run(data.encode())
    assert [(row["line"], row["reason"]) for row in await rejects(path)] == [
        ("3", "cell_too_large"),
        ("4", "record_too_large"),
    ]
    assert await landed(client) == {"1", "4"}
