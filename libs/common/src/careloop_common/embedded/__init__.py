"""PostgreSQL and NATS from wheels, as child processes: the servers of the local stack and of the tests.

    EmbeddedPostgres, EmbeddedNats    start(), wait_ready(), stop(), pid
    bootstrap_databases               one role and one database per service
    EmbeddedServerError               a sentence for the person at the terminal

Each server is a foreground child in a session of its own: a Ctrl-C at the terminal reaches us only, and we stop it by
its pid. On Linux it also ends when the thread that started it does, however that happens. Both listen on 127.0.0.1.
Needs the extra `embedded`.
"""

from careloop_common.embedded.bootstrap import bootstrap_databases
from careloop_common.embedded.nats import EmbeddedNats
from careloop_common.embedded.postgres import EmbeddedPostgres
from careloop_common.embedded.server import HOST, EmbeddedServer, EmbeddedServerError, free_port, share_ports

__all__ = [
    "HOST",
    "EmbeddedNats",
    "EmbeddedPostgres",
    "EmbeddedServer",
    "EmbeddedServerError",
    "bootstrap_databases",
    "free_port",
    "share_ports",
]
