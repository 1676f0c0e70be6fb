"""What an error says about itself is what HTTP answers."""

from http import HTTPStatus

from careloop_common.errors import BodyTooLarge, MediaTypeNotSupported
from careloop_common.messaging.errors import BrokerRefused
from careloop_common.problems import from_error


def test_the_status_is_that_of_the_kind_unless_the_error_states_another() -> None:
    assert from_error(BodyTooLarge(), "/").status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert from_error(MediaTypeNotSupported(), "/").status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE


def test_what_the_broker_refuses_is_our_trouble_and_not_the_clients() -> None:
    answer = from_error(BrokerRefused("message size exceeds maximum allowed", error=10054), "/")
    assert (answer.status_code, answer.headers["retry-after"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "1")
