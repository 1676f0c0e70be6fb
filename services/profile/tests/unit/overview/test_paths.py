from careloop_profile.overview.policy import History, Step, frequent
from hypothesis import given
from hypothesis import strategies as st

TOUCHES = st.lists(
    st.tuples(st.sampled_from(["web", "hotline", "app"]), st.sampled_from(["browse", "call"])), max_size=12
)


def history(*touches):
    """The last touch was an hour before the outcome, that before it two."""
    return History(
        [tuple(touch.split()) for touch in touches], [3600.0 * n for n in range(len(touches), 0, -1)]
    )


def named(path):
    return [f"{step.channel} {step.kind}" for step in path.steps]


def test_the_ways_that_most_came_on_are_first_with_their_share_and_length():
    found = frequent(
        [
            history("web browse", "hotline call"),
            history("app browse"),
            history("web browse", "hotline call"),
            history(),
        ],
        by="channel_kind",
        length=3,
        most=2,
    )
    assert [(named(path), path.outcomes, path.share, path.hours) for path in found] == [
        (["web browse", "hotline call"], 2, 0.5, 2.0),
        ([], 1, 0.25, None),
    ]


def test_the_same_again_and_again_is_one_step_that_began_with_the_first():
    [path] = frequent(
        [history("hotline call", "web browse", "web browse", "web browse")],
        by="channel_kind",
        length=1,
        most=5,
    )
    assert (named(path), path.hours) == (["web browse"], 3.0)


def test_a_way_can_be_one_of_channels_or_of_kinds():
    seen = [history("web browse", "web call", "app call")]
    [channels] = frequent(seen, by="channel", length=5, most=5)
    [kinds] = frequent(seen, by="kind", length=5, most=5)
    assert channels.steps == (Step("web", None), Step("app", None))
    assert kinds.steps == (Step(None, "browse"), Step(None, "call"))


@given(
    st.lists(TOUCHES, min_size=1, max_size=20),
    st.integers(1, 5),
    st.sampled_from(["channel", "kind", "channel_kind"]),
)
def test_every_outcome_was_come_to_on_one_way_without_repetitions(seen, length, by):
    histories = [History(touches, [float(n) for n in range(len(touches), 0, -1)]) for touches in seen]
    found = frequent(histories, by=by, length=length, most=1000)
    assert sum(path.outcomes for path in found) == len(seen)
    assert [path.outcomes for path in found] == sorted((path.outcomes for path in found), reverse=True)
    for path in found:
        assert len(path.steps) <= length
        assert all(one != other for one, other in zip(path.steps, path.steps[1:], strict=False))
