import pytest


@pytest.fixture
def document():
    """A small model: names, phones and birth dates."""

    def level(when, m, u):
        return {"when": when, "m": m, "u": u}

    return {
        "name": "small",
        "fields": [
            {"name": "name", "source": "name", "spelling": "name"},
            {"name": "phone", "source": "phone", "spelling": "code"},
            {"name": "birth_date", "source": "attributes.birth_date", "spelling": "date"},
        ],
        "keys": [["phone"], ["birth_date"], ["name:2", "birth_date:4"]],
        "comparisons": [
            {
                "field": "name",
                "levels": [
                    level("equal", 0.8, 0.001), level("jaro_winkler 0.88", 0.15, 0.004), level("else", 0.05, 0.995)
                ],
            },
            {"field": "phone", "levels": [level("equal", 0.7, 1e-4), level("else", 0.3, 0.9999)]},
            {
                "field": "birth_date",
                "levels": [level("equal", 0.9, 1e-4), level("edits 1", 0.05, 0.002), level("else", 0.05, 0.9979)],
            },
        ],
        "frequencies": {"name": {"floor": 0.0005, "terms": {"name=wang wei": 0.01}}},
        "prior": 1e-3,
    }  # fmt: skip
