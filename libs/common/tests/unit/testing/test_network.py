import socket

import pytest


def test_a_unit_test_cannot_open_a_connection():
    refusal = "tests that need a server are in tests/service"
    with socket.socket() as connection, pytest.raises(pytest.fail.Exception, match=refusal):
        connection.connect(("127.0.0.1", 1))
