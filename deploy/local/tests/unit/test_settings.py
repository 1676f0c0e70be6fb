import pytest
from careloop_local.settings import LocalSettings, WrongSetting
from careloop_local.stack import config
from careloop_local.stack.config import StackConfig


def test_a_variable_that_is_no_setting_is_named_with_the_one_that_was_meant():
    environment = ["CARELOOP_GATEWAY_PROT", "CARELOOP_COLOUR", "CARELOOP_HOME", "CARELOOP_DATA", "PATH"]
    assert LocalSettings.misspelt(environment) == {
        "CARELOOP_COLOUR": None,
        "CARELOOP_GATEWAY_PROT": "CARELOOP_GATEWAY_PORT",
    }


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("CARELOOP_NATS_URL", "nats://me:secret@127.0.0.1:99999"),
        ("CARELOOP_NATS_URL", "nats://me:secret@127.0.0.1:abc"),
        ("CARELOOP_NATS_URL", "http://me:secret@127.0.0.1:4222"),
        ("CARELOOP_NATS_URL", "nats://a:4222,http://b:4222"),
        ("CARELOOP_NATS_URL", "nats://me:sec/ret@host"),
        ("CARELOOP_DATABASE_URL", "postgresql://me:secret@127.0.0.1:99999/postgres"),
        ("CARELOOP_DATABASE_URL", "mysql://me:secret@127.0.0.1/postgres"),
        ("CARELOOP_DATABASE_URL", "file:/no/such/secret"),
    ],
)
def test_an_address_that_can_be_none_is_refused_without_its_password(monkeypatch, name, url):
    monkeypatch.setenv(name, url)
    with pytest.raises(WrongSetting) as refused:
        LocalSettings.from_environment()
    assert "secret@" not in str(refused.value)
    assert name in str(refused.value) or "/no/such/secret cannot be read" in str(refused.value)


@pytest.mark.parametrize(
    "url", ["nats://127.0.0.1:4222", "tls://u:p@nats.example", "nats://a:4222, nats://b:4222"]
)
def test_addresses_of_brokers_are_taken(monkeypatch, url):
    monkeypatch.setenv("CARELOOP_NATS_URL", url)
    assert LocalSettings.from_environment().nats_url == url


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("192.0.2.7", "192.0.2.7"),
        ("::1", "[::1]"),
        ("care.example", "care.example"),
    ],
)
def test_the_gateway_is_looked_for_where_it_listens(tmp_path, host, reached):
    stack = StackConfig(LocalSettings(home=tmp_path, host=host))
    assert stack.gateway_url == f"http://{reached}:8080"
    ready = {spec.name: spec.ready_url for spec in config.processes(stack)}
    assert ready["gateway"] == f"http://{reached}:8080/readyz"
    assert ready["ticketing"] == "http://127.0.0.1:8102/readyz"


def test_what_the_user_tells_a_service_is_not_overwritten(tmp_path, monkeypatch):
    monkeypatch.setenv("CAMPAIGN_PUBLIC_URL", "https://care.example")
    stack = StackConfig(LocalSettings(home=tmp_path))
    told = {spec.name: spec.env for spec in config.processes(stack)}
    assert "CAMPAIGN_PUBLIC_URL" not in told["campaign"]
    assert told["ticketing"]["TICKETING_PUBLIC_URL"] == "http://127.0.0.1:8080"
