from careloop_common.database import run_migrations

from careloop_profile.migrations.schema import metadata

run_migrations(metadata)
