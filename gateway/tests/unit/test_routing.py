import pytest
from careloop_gateway.identity.roles import ROLES, Role, scopes_of
from careloop_gateway.routes import API, PERSONAL, ROUTES, SCOPES, SELF
from careloop_gateway.routing import Limit, Route, RouteTree
from hypothesis import given
from hypothesis import strategies as st


def route(operation):
    method, path = operation.split()
    return Route(method, path, "a", "a:read", Limit.READ)


TREE = RouteTree(
    map(
        route,
        [
            "GET /a",
            "POST /a",
            "GET /a/{id}",
            "GET /a/latest",
            "GET /a/{id}/b",
            "DELETE /a/{id}/b/{n}",
            "GET /c/d",
        ],
    )
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"/a", {"GET": "/a", "POST": "/a"}),
        (b"/a/1", {"GET": "/a/{id}"}),
        (b"/a/latest", {"GET": "/a/latest"}),
        (b"/a/latest/b", {"GET": "/a/{id}/b"}),
        (b"/a/1/b/2", {"DELETE": "/a/{id}/b/{n}"}),
        (b"/a/%E4%BD%A0", {"GET": "/a/{id}"}),
        (b"/%61/1", {"GET": "/a/{id}"}),
    ],
)
def test_a_path_finds_its_routes(path, found):
    methods = TREE.find(path)
    assert methods is not None
    assert {method: route.path for method, route in methods.items()} == found


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"a",
        b"/",
        b"//a",
        b"/a/",
        b"/a//b",
        b"/a/.",
        b"/a/..",
        b"/a/%2e%2e",
        b"/a/1%2Fb",
        b"/a/1%5Cb",
        b"/a/\xe4",
        b"/a/%FF",
        b"/a/%00",
        b"/a/%0d%0a",
        b"/a/1/b/2/3",
        b"/c",
        b"/A",
        b"*",
    ],
)
def test_other_paths_find_nothing(path):
    assert TREE.find(path) is None


@given(st.binary(max_size=40))
def test_no_path_breaks_the_search(path):
    RouteTree(ROUTES).find(path)


def test_each_route_of_the_table_finds_itself():
    tree = RouteTree(ROUTES)
    for each in ROUTES:
        methods = tree.find(each.path.replace("{", "").replace("}", "").encode())
        assert methods is not None
        assert methods[each.method] is each


def test_a_route_cannot_be_in_the_table_twice():
    with pytest.raises(ValueError, match="twice"):
        RouteTree([route("GET /a/{x}"), route("GET /a/{y}")])


def test_only_unsubscribing_needs_nobody_to_be_known():
    assert {each.path for each in API if each.scope is None} == {"/v1/unsubscribe"}


def test_every_operation_has_a_limit_and_a_time():
    for each in API:
        assert each.limit is not None
        assert 0 < each.seconds <= 60
        assert each.max_body <= (20 if each.path.endswith(("/attachments", "/inbound-mail")) else 8) << 20


def test_roles_grant_known_scopes_only_and_every_scope_is_in_some_role():
    assert set(ROLES) == set(Role)
    for scopes in ROLES.values():
        assert scopes <= SCOPES
    assert ROLES[Role.ADMIN] == SCOPES


def test_viewers_change_nothing_and_see_nobody_unmasked():
    assert all(scope.endswith(":read") for scope in ROLES[Role.VIEWER])
    assert PERSONAL not in ROLES[Role.VIEWER]
    assert [role for role, scopes in ROLES.items() if "api-keys:admin" in scopes] == [Role.ADMIN]


def test_unknown_roles_and_scopes_grant_nothing():
    assert scopes_of(frozenset({"king"}), frozenset({"everything"})) == {SELF}
