from careloop_local.settings import LocalSettings


def test_a_variable_that_is_no_setting_is_named_with_the_one_that_was_meant():
    environment = ["CARELOOP_GATEWAY_PROT", "CARELOOP_COLOUR", "CARELOOP_HOME", "CARELOOP_DATA", "PATH"]
    assert LocalSettings.misspelt(environment) == {
        "CARELOOP_COLOUR": None,
        "CARELOOP_GATEWAY_PROT": "CARELOOP_GATEWAY_PORT",
    }
