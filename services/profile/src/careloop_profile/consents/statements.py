"""Do-not-disturb: what customers said, and registers of numbers."""

from sqlalchemy import text

LIST = text("""
    INSERT INTO listed_number AS known (blind_index, on_register, listed_at, listed_by, told)
    SELECT DISTINCT blind_index, :register, CAST(:now AS timestamptz), :by, false
    FROM unnest(CAST(:indexes AS text[])) AS new (blind_index)
    ORDER BY blind_index
    ON CONFLICT (blind_index, on_register) DO UPDATE
    SET listed_at = excluded.listed_at, listed_by = excluded.listed_by, removed_at = NULL, told = false
    WHERE known.removed_at IS NOT NULL
    RETURNING blind_index
""")
REMOVE = text("""
    UPDATE listed_number SET removed_at = :now, told = false
    WHERE on_register = :register AND blind_index = ANY(:indexes) AND removed_at IS NULL
    RETURNING blind_index
""")
UNTOLD = text("""
    SELECT blind_index, on_register FROM listed_number WHERE NOT told
    ORDER BY on_register, blind_index LIMIT :limit FOR UPDATE SKIP LOCKED
""")
TOLD = text(
    "UPDATE listed_number SET told = true WHERE on_register = :register AND blind_index = ANY(:indexes)"
)
REGISTERS = text("""
    SELECT on_register, count(*) FILTER (WHERE removed_at IS NULL) AS numbers,
        count(*) FILTER (WHERE NOT told) AS untold, max(coalesce(removed_at, listed_at)) AS changed_at
    FROM listed_number GROUP BY on_register ORDER BY on_register
""")
BLOCK = text("""
    INSERT INTO do_not_disturb (id, customer_id, channel, hours, reason, until, said_at, recorded_by)
    VALUES (:id, :customer_id, :channel, CAST(:hours AS jsonb), :reason, :until, :now, :by)
""")
END = text("UPDATE do_not_disturb SET ended_at = :now, ended_by = :by WHERE id = ANY(:ids)")
