from careloop_gateway import openapi_merge
from careloop_gateway.routes import API, UPSTREAMS


def documents(schemas):
    """What services would say that have every route of the table, and these schemas."""
    found = {
        name: {"paths": {}, "components": {"schemas": schemas.get(name, {})}}
        for name in (*UPSTREAMS, "gateway")
    }
    for route in API:
        operation = {
            "responses": {
                "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                "503": {"description": "Service Unavailable"},
                "404": {"description": "Thing not found (`thing_not_found`)"},
            }
        }
        found[route.upstream]["paths"].setdefault(route.path, {})[route.method.lower()] = operation
    return found


def test_schemas_that_mean_the_same_are_there_once_and_others_get_their_services_name():
    thing, other = (
        {"type": "object"},
        {"type": "object", "properties": {"of": {"$ref": "#/components/schemas/Thing"}}},
    )
    given = {name: {"Thing": thing} for name in (*UPSTREAMS, "gateway")} | {"scoring": {"Thing": other}}
    merged = openapi_merge.merge(documents(given))
    assert set(merged["components"]["schemas"]) == {"Thing", "ScoringThing"}
    assert merged["components"]["schemas"]["ScoringThing"]["properties"]["of"] == {
        "$ref": "#/components/schemas/ScoringThing"
    }
    answer = merged["paths"]["/v1/scores"]["get"]["responses"]["200"]
    assert answer["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ScoringThing"}


def test_every_operation_states_what_the_gateway_may_answer():
    merged = openapi_merge.merge(documents({}))
    for path, operations in merged["paths"].items():
        for method, operation in operations.items():
            stated = {int(status) for status in operation["responses"]}
            assert {404, 429, 500, 502, 503, 504, 431} <= stated
            assert operation["responses"]["404"] == {"description": "Thing not found (`thing_not_found`)"}
            assert "$ref" in operation["responses"]["503"]
            public = path == "/v1/unsubscribe"
            assert (401 in stated) != public
            assert bool(operation["security"]) != public
            assert (413 in stated) == (method not in {"get", "head"})
