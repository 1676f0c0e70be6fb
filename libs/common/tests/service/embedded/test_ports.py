import subprocess
import sys

from careloop_common.embedded import free_port

MANY = """
from careloop_common.embedded import free_port, share_ports
share_ports({}, 3)
print(*(free_port(100) for _ in range(100)))
"""


def test_a_port_is_given_once():
    given = [free_port() for _ in range(300)]
    assert len(set(given)) == 300


def test_a_port_above_another_is_free_with_it():
    lower = [free_port(100) for _ in range(100)]
    assert len({*lower, *(port + 100 for port in lower)}) == 200
    assert not {free_port() for _ in range(100)} & {port + 100 for port in lower}


def test_who_chooses_at_the_same_time_has_a_share_of_the_ports():
    shares = []
    for number in range(3):
        said = subprocess.run(
            [sys.executable, "-c", MANY.format(number)], capture_output=True, text=True, check=True
        ).stdout
        shares.append({high for port in map(int, said.split()) for high in (port, port + 100)})
    assert all(len(share) == 200 for share in shares)
    assert max(shares[0]) < min(shares[1])
    assert max(shares[1]) < min(shares[2])
