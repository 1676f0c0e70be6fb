import re


async def test_the_documentation_needs_nothing_from_elsewhere(anyone):
    page = await anyone.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 4
    for address in addresses:
        assert address.startswith("/docs/")
        asset = await anyone.get(address)
        assert asset.status_code == 200
        assert len(asset.content) > 50
    start = await anyone.get("/docs/start.js")
    assert "/openapi.json" in start.text
    assert "validatorUrl: null" in start.text


async def test_only_the_files_of_the_documentation_are_served(anyone, problem):
    for name in ("redoc.standalone.js", "api.py", "..%2Fmain.py", "x" * 100):
        assert (await anyone.get(f"/docs/{name}")).status_code in {404, 422}


async def test_the_merged_document_is_served(anyone):
    document = (await anyone.get("/openapi.json")).json()
    assert {"/v1/customers", "/v1/tickets", "/v1/scores", "/v1/care-tasks", "/v1/api-keys"} <= document[
        "paths"
    ].keys()


async def test_probes_answer_without_credentials(anyone):
    assert (await anyone.get("/livez")).json() == {"status": "pass"}
    ready = await anyone.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"]["database"]["status"] == "pass"
    metrics = (await anyone.get("/metrics")).text
    for name in (
        "http_server_request_duration_seconds",
        "gateway_upstream_duration_seconds",
        "gateway_shed_total",
    ):
        assert name in metrics
