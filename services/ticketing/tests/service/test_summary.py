async def test_figures_name_their_numerator_and_denominator(client, open_ticket, act, publish_policy):
    await publish_policy()
    await open_ticket(subject="电池起火")
    await act(await open_ticket(), "respond")
    for score in (5, 4):
        ticket = await open_ticket()
        await act(ticket, "resolve")
        await act(ticket, "satisfaction", score=score)
    summary = (await client.get("/v1/ticket-summary")).json()
    undecided = {"numerator": 3, "denominator": 3, "excluded": 1, "ratio": 1.0}
    assert summary == {
        "open": 2,
        "open_by_tier": {"primary": 1, "intermediate": 0, "advanced": 1},
        "breached": 0,
        "responded_in_30_min": undecided,
        "attainment": {
            "first_response": undecided | {"late_by_change": 0},
            "resolution": {
                "numerator": 2,
                "denominator": 2,
                "excluded": 2,
                "late_by_change": 0,
                "ratio": 1.0,
            },
        },
        "satisfaction": {"answers": 2, "average": 4.5},
    }


async def test_with_nothing_decided_there_is_no_ratio(client):
    summary = (await client.get("/v1/ticket-summary")).json()
    assert summary["responded_in_30_min"]["ratio"] is None
    assert summary["satisfaction"] == {"answers": 0, "average": None}
