"""Taken ports are found before anything starts, and reported by name with the setting that changes them."""

import errno
import socket
from collections import Counter
from collections.abc import Mapping
from typing import Final

import psutil

from careloop_local.errors import LocalError

_LAST: Final = 65_535


class PortTaken(LocalError):
    """One or more ports cannot be used."""

    status = 3


def check(ports: Mapping[str, int], host: str = "127.0.0.1") -> None:
    """Raise `PortTaken` with a line for every port, by name, that cannot be used."""
    uses = Counter(ports.values())
    lines = []
    for name, port in ports.items():
        setting = f"CARELOOP_{name.split()[0].upper()}_PORT"
        if port > _LAST:
            lines.append(f"  {name}: there is no port {port}; {setting} sets another one")
        elif uses[port] > 1:
            lines.append(f"  {name}: port {port} is given twice; {setting} sets another one")
        elif not _free(host if name == "gateway" else "127.0.0.1", port):
            lines.append(f"  {name}: port {port} is taken{_holder(port)}; {setting} sets another one")
    if lines:
        raise PortTaken("\n".join(["cannot start:", *lines]))


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
            raise LocalError(f"CARELOOP_HOST: nothing can listen on {host}: {error.strerror}") from error
    return True


def _holder(port: int) -> str:
    """Who listens there, as far as the operating system tells us."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1:2] == (port,)
            if listens and connection.pid:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.Error, OSError):
        pass
    return ""
