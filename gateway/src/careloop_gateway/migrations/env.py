from careloop_common.database import run_migrations

from careloop_gateway.migrations.schema import metadata

run_migrations(metadata)
