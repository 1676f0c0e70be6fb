"""What of the scoring service is open to the outside."""

from careloop_gateway.routes.kinds import reads, writes

SCORING = (
    *reads(
        "scoring",
        "scores:read",
        "/v1/scoring-runs",
        "/v1/scoring-runs/{run_id}",
        "/v1/scores",
        "/v1/scores/{customer_id}",
        "/v1/score-summary",
        "/v1/models",
        "/v1/models/{model_id}",
        "/v1/models/{model_id}/report",
        "/v1/tier-tables",
    ),
    *writes("scoring", "scores:run", "POST /v1/scoring-runs"),
    *writes("scoring", "scores:configure", "POST /v1/tier-tables"),
)
