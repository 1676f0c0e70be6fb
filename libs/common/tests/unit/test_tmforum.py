import json

import pytest
from careloop_common.problems import problem


@pytest.mark.parametrize(
    ("path", "media_type"), [("/tmf-api/x/v4/y", "application/json"), ("/v1/y", "application/problem+json")]
)
def test_only_the_forums_addresses_answer_in_its_form(path, media_type):
    answer = problem(404, "thing_not_found", "Thing not found", "No thing.", instance=path)
    assert (answer.status_code, answer.media_type) == (404, media_type)
    assert ("referenceError" in json.loads(answer.body)) == path.startswith("/tmf-api/")


def test_wrong_members_are_a_bad_request_and_named_in_the_message():
    wrong = [{"pointer": "/name", "detail": "missing"}]
    answer = problem(422, "invalid", "Invalid", "1 member.", instance="/tmf-api/x", errors=wrong)
    body = json.loads(answer.body)
    assert (answer.status_code, body["status"]) == (400, "400")
    assert body["message"] == "1 member. /name: missing"
