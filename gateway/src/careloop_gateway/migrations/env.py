from careloop_common.migrations import run_migrations

from careloop_gateway.migrations.schema import metadata

run_migrations(metadata)
