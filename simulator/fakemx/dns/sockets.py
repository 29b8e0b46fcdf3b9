"""Two sockets for a name server, UDP and TCP at one port number, bound before there is a server to serve them."""

import socket
from dataclasses import dataclass

_TRIES = 20
_BACKLOG = 100


@dataclass(frozen=True, slots=True)
class DnsSockets:
    """Where a name server listens; what comes before it serves waits in the sockets."""

    tcp: socket.socket
    udp: socket.socket

    @property
    def address(self) -> tuple[str, int]:
        """The address and the port number, the same for both."""
        host, port = self.tcp.getsockname()[:2]
        return str(host), int(port)

    def close(self) -> None:
        """Let go of the port."""
        self.tcp.close()
        self.udp.close()


def bind(host: str) -> DnsSockets:
    """Bind at a port that the system picks and that is free for both.

    Raises:
        OSError: no such port was found.
    """
    for _ in range(_TRIES):
        tcp = socket.create_server((host, 0), backlog=_BACKLOG)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:  # another program has that number for UDP: draw again
            tcp.close()
            udp.close()
        else:
            return DnsSockets(tcp, udp)
    raise OSError(f"no port at {host} is free for both TCP and UDP")
