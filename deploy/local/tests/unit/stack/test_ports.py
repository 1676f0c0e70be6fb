import pytest
from careloop_local.settings import LocalSettings
from careloop_local.stack import ports


def test_what_would_listen_above_the_last_port_there_is_is_told_by_name():
    settings = LocalSettings(ticketing_port=65_400, split=True)
    with pytest.raises(ports.PortTaken) as refused:
        ports.check(settings.ports())
    said = "ticketing background: there is no port 65600; CARELOOP_TICKETING_PORT sets another one"
    assert said in str(refused.value)
