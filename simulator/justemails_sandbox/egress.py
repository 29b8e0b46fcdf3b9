"""The last fence: an audit hook that refuses every socket address outside loopback.

The first fence is that the engine's connector dials only what the fake network's registry names. This one holds
even if that one has a hole: it sees every connect and sendto of the interpreter, whichever library makes it. What
it cannot see is a subprocess or a C library with sockets of its own; the sandbox has neither.
"""

import ipaddress
import socket
import sys

_SENDING = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg"))
_NAMING = frozenset(("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"))


class EgressError(PermissionError):
    """Something tried to leave the machine."""


def forbid_leaving_loopback() -> None:
    """Install the hook, for the rest of the process."""
    sys.addaudithook(_refuse_outside)


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event in _SENDING:
        its_socket, address = arguments[0], arguments[-1]
        if getattr(its_socket, "family", None) == socket.AF_UNIX or address is None:
            return
        host = address[0] if isinstance(address, tuple) else address
    elif event in _NAMING:
        host = arguments[0]
    else:
        return
    if not is_loopback(host):
        raise EgressError(f"the sandbox does not leave loopback: {event} to {host!r}")


def is_loopback(host: object) -> bool:
    """Say whether a host is a loopback address; a name other than localhost is not, since it may be anything."""
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
