"""The statements of the hot path.

Inserting, noting what is to be counted and finding out what was new are one statement, so a message that comes twice
changes nothing, and no counter can disagree with the rows: it is what was counted, and what waits. Columns come as texts
with a value per line: the driver looks at every element of an array, and takes longer for that than PostgreSQL to store
it. For the same reason PostgreSQL writes what other services are told of each customer, and one text comes back.

What comes by a channel that the day has already, and is of a kind that it has already, only adds to numbers: rules ask for
kinds and for channels, not for one by the other.
"""

from sqlalchemy import text

from careloop_profile.interactions.policy import Row

_SAME_DAY = """
    known.customer_id = fresh.customer_id AND known.day = CAST(fresh.occurred_at AT TIME ZONE 'UTC' AS date)
"""
_NOTE = f"""
    noted AS (
        INSERT INTO interaction_news (customer_id, occurred_at, channel, kind, amount, already)
        SELECT customer_id, occurred_at, channel, kind, amount, coalesce((
            SELECT least(count, 10) FROM metric_bucket AS known WHERE {_SAME_DAY}
            AND known.channel = fresh.channel AND known.kind = fresh.kind
        ), (
            SELECT 1 FROM metric_bucket AS known WHERE {_SAME_DAY} AND known.kind = fresh.kind AND (
                SELECT true FROM metric_bucket AS known WHERE {_SAME_DAY} AND known.channel = fresh.channel LIMIT 1
            ) LIMIT 1
        ), 0) FROM fresh
    ), told AS (
        SELECT customer_id, count(*) AS interactions, count(*) FILTER (WHERE kind = 'payment') AS payments,
               coalesce(sum(amount) FILTER (WHERE kind = 'payment'), 0) AS amount,
               count(*) FILTER (WHERE kind = 'complaint') AS complaints, max(occurred_at) AS last_at
        FROM fresh GROUP BY customer_id
    )
    SELECT coalesce(CAST(sum(interactions) AS bigint), 0) AS stored, string_agg(
        '{{"customer_id":"' || customer_id || '","interactions":' || interactions
        || CASE WHEN payments = 0 THEN '' ELSE ',"payments":' || payments || ',"amount":"' || amount || '"' END
        || CASE WHEN complaints = 0 THEN '' ELSE ',"complaints":' || complaints END
        || ',"last_at":' || CAST(to_json(last_at) AS text) || '}}', chr(10)
    ) AS told
    FROM told
"""
_COLUMNS = """
    message_uid, occurred_at, customer_id, channel, kind, direction, amount, properties, received_at, time_suspect
"""
_VALUES = """
    CAST(uid AS uuid), timestamptz 'epoch' + CAST(at AS bigint) * interval '1 microsecond',
    CAST(customer_id AS uuid), channel, kind, direction, CAST(amount AS numeric), CAST(properties AS jsonb),
    timestamptz 'epoch' + CAST(received_at AS bigint) * interval '1 microsecond', CAST(suspect AS boolean)
"""
NAMES = (*Row._fields, "received_at")
_GIVEN = f"""
    ROWS FROM ({", ".join(f"string_to_table(CAST(:{name} AS text), chr(10), '')" for name in NAMES)})
    AS given({", ".join(NAMES)})
"""

_NOT_ERASED = """
    NOT EXISTS (SELECT FROM subject_key WHERE subject_id = CAST(given.customer_id AS uuid) AND destroyed_at IS NOT NULL)
"""
"""What is late about somebody who was erased goes nowhere."""
_NOT_AMONG_ERASED = """
    CAST(given.customer_id AS uuid) NOT IN (SELECT subject_id FROM subject_key WHERE destroyed_at IS NOT NULL)
"""
"""The same where it is known whose each is: the few who were erased are read once, and no key is looked for."""

# ruff: noqa: S608  (these statements are put together from the constants above)
INSERT = text(f"""
    WITH fresh AS (
        INSERT INTO interaction ({_COLUMNS}) SELECT {_VALUES} FROM {_GIVEN} WHERE {_NOT_AMONG_ERASED}
        ON CONFLICT DO NOTHING
        RETURNING customer_id, channel, kind, amount, occurred_at
    ), {_NOTE}
""")
"""Returns how much was new, and what is told of it: a line of JSON for each customer."""

SET_ASIDE = text(f"""
    INSERT INTO interaction_unresolved ({_COLUMNS}, blind_index, label)
    SELECT {_VALUES}, blind_index, label FROM {_GIVEN}
    WHERE {_NOT_ERASED} AND NOT EXISTS (SELECT FROM suppression WHERE suppression.blind_index = given.blind_index)
    ON CONFLICT DO NOTHING
""")

ATTACH = text(f"""
    WITH found AS (
        SELECT * FROM unnest(CAST(:indexes AS text[]), CAST(:holders AS uuid[])) AS found(index, holder)
    ), taken AS (
        DELETE FROM interaction_unresolved AS waiting USING (
            SELECT message_uid AS uid, waiting.customer_id AS holder FROM interaction_unresolved AS waiting
            WHERE waiting.customer_id = ANY(CAST(:customers AS uuid[]))
            UNION
            SELECT message_uid, holder FROM interaction_unresolved JOIN found ON blind_index = found.index
        ) AS match
        WHERE waiting.message_uid = match.uid
        RETURNING waiting.*, match.holder
    ), fresh AS (
        INSERT INTO interaction ({_COLUMNS})
        SELECT {_COLUMNS.replace("customer_id", "holder")} FROM taken
        WHERE NOT time_suspect OR message_uid NOT IN (
            SELECT known.message_uid FROM interaction AS known JOIN taken USING (message_uid) WHERE known.time_suspect
        )
        ON CONFLICT DO NOTHING
        RETURNING customer_id, channel, kind, amount, occurred_at
    ), {_NOTE}
""")
"""Moves what waited for these customers to where it belongs; returns as INSERT does. Of what is suspect, as below, the key
does not say whether it came again meanwhile and is there."""

KNOWN_SUSPECTS = text("""
    SELECT message_uid FROM interaction WHERE message_uid = ANY(CAST(:uids AS uuid[])) AND time_suspect
""")
"""The key of a suspect row holds the time of its arrival, so the key alone does not recognise it."""
