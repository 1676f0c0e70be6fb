from careloop_gateway.exchange import Exchange
from careloop_gateway.upstream.headers import to_client, to_service
from multidict import CIMultiDict, CIMultiDictProxy


def exchange(*headers):
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/tickets",
        "raw_path": b"/v1/tickets",
        "query_string": b"",
        "headers": list(headers),
        "client": ("192.0.2.1", 5),
    }
    return Exchange(scope, None, None)


def test_hop_by_hop_headers_and_those_that_connection_names_stay_here():
    sent = to_service(
        exchange(
            (b"connection", b"Keep-Alive, X-Own-Hop"),
            (b"x-own-hop", b"1"),
            (b"transfer-encoding", b"chunked"),
            (b"upgrade", b"h2c"),
            (b"proxy-authorization", b"x"),
            (b"accept", b"text/html"),
            (b"accept", b"application/json"),
        )
    )
    assert sent.getall("accept") == ["text/html", "application/json"]
    assert set(sent) == {"accept", "x-forwarded-for", "x-request-id", "x-request-timeout"}
    assert sent["x-forwarded-for"] == "192.0.2.1"


def test_a_request_id_is_kept_when_it_is_harmless():
    assert exchange((b"x-request-id", b"abc-1")).request_id == b"abc-1"
    for odd in (b"", b"a" * 65, b"a\xff", b"a\x07"):
        made = exchange((b"x-request-id", odd)).request_id
        assert made != odd
        assert len(made) == 36


def test_an_answer_keeps_what_the_service_said_and_gains_what_the_policies_say():
    headers = CIMultiDictProxy(
        CIMultiDict(
            [
                ("Content-Type", "application/json"),
                ("Connection", "close"),
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "b=2"),
                ("Server", "x"),
                ("X-Internal-Node", "7"),
                ("Cache-Control", "max-age=5"),
            ]
        )
    )
    passed = to_client(headers, [(b"ratelimit", b"r"), (b"cache-control", b"other")])
    assert passed == [
        (b"content-type", b"application/json"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"cache-control", b"max-age=5"),
        (b"ratelimit", b"r"),
    ]
