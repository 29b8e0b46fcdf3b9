"""A private network for this process and its children: nothing but loopback, with addresses of our choice on it.

Linux only. Root may make one; others may too where the system allows unprivileged user namespaces. The process becomes
part of it for good, so this is for commands that end with it. Nothing outside is touched, and it vanishes with the last
process in it.

Spoken to the kernel directly (unshare(2), mount(2), netdevice(7)): neither ``ip`` nor ``unshare`` has to be installed.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Interface, IPv6Address
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x0002_0000, 0x1000_0000, 0x4000_0000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x4_0000
_SIOCSIFADDR, _SIOCSIFNETMASK, _SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8916, 0x891C, 0x8913, 0x8914
_IFF_UP = 1
_IFA_F_TENTATIVE = 0x40
_LOOPBACK_INDEX = 1

_PATIENCE_S, _LOOK_AGAIN_S = 5.0, 0.001


class NoNamespaceError(Exception):
    """A private network cannot be had here; the message says what is missing."""


def enter() -> None:
    """Put this process into a network and mount namespace of its own, and bring loopback up.

    Raises:
        NoNamespaceError: that is not possible here.
    """
    if sys.platform != "linux":
        raise NoNamespaceError(f"the lab needs Linux' network namespaces, and this is {sys.platform}")
    uid, gid = os.getuid(), os.getgid()
    flags = _CLONE_NEWNET | _CLONE_NEWNS | (0 if uid == 0 else _CLONE_NEWUSER)
    with _explained("make a network namespace", uid):
        _call("unshare", flags)
        if uid != 0:
            _become_root(uid, gid)
        # What is mounted from here on stays here.
        _call("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)
        _bring_up("lo")


def add_networks(networks: Iterable[str]) -> None:
    """Put whole IPv4 networks on loopback: every address of each is then this machine's own, as with 127.0.0.0/8."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        for number, network in enumerate(networks, 1):
            interface = IPv4Interface(network)
            first = interface.network.network_address + 1
            name = f"lo:{number}"
            _ioctl(handle, _SIOCSIFADDR, _request(name, first.packed))
            _ioctl(handle, _SIOCSIFNETMASK, _request(name, interface.netmask.packed))


def add_addresses(addresses: Iterable[str]) -> None:
    """Put single IPv6 addresses on loopback, and return when all of them can be bound."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as handle:
        for address in addresses:
            _ioctl(handle, _SIOCSIFADDR, IPv6Address(address).packed + struct.pack("=Ii", 128, _LOOPBACK_INDEX))
    # The kernel looks for duplicates (RFC 4862 5.4) of each, and finds on loopback at once that there is none; but it
    # does so in a thread of its own, and until then nothing can be bound (EADDRNOTAVAIL).
    until = time.perf_counter() + _PATIENCE_S
    while _any_is_tentative() and time.perf_counter() < until:
        time.sleep(_LOOK_AGAIN_S)  # noqa: TID251  # waits for the kernel, in the machine's own time


def _any_is_tentative() -> bool:
    # Address, index, prefix length, scope, flags and name, in hexadecimal.
    lines = Path("/proc/self/net/if_inet6").read_text("ascii").splitlines()
    return any(int(line.split()[4], 16) & _IFA_F_TENTATIVE for line in lines)


def cover(path: Path, content: Path) -> None:
    """Let ``path`` show what the file ``content`` holds, to this process and its children only.

    Raises:
        NoNamespaceError: there is no such path to cover.
    """
    try:
        _call("mount", os.fsencode(content), os.fsencode(path.resolve()), None, _MS_BIND, None)
    except OSError as ex:
        raise NoNamespaceError(f"{path} cannot be covered with another one: {ex.strerror}") from ex


def _become_root(uid: int, gid: int) -> None:
    """Be root of the new user namespace, which outside is still nobody but the user."""
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"0 {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"0 {gid} 1", encoding="ascii")


def _bring_up(name: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        (flags,) = struct.unpack_from(
            "=H", fcntl.ioctl(handle, _SIOCGIFFLAGS, struct.pack("=16s16x8x", name.encode())), 16
        )
        fcntl.ioctl(handle, _SIOCSIFFLAGS, struct.pack("=16sH14x8x", name.encode(), flags | _IFF_UP))


def _request(name: str, address: bytes) -> bytes:
    """Return a struct ifreq with an IPv4 address in it."""
    return struct.pack("=16sHH4s8x8x", name.encode(), socket.AF_INET, 0, address)


def _ioctl(handle: socket.socket, request: int, argument: bytes) -> None:
    fcntl.ioctl(handle, request, argument)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library, which returns 0 or sets errno."""
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _explained(what: str, uid: int) -> Iterator[None]:
    try:
        yield
    except OSError as ex:
        remedy = "the container or system forbids it even to root"
        if uid != 0:
            remedy = (
                "run it as root, or allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
            )
            remedy += "or kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu)"
        reason = "not permitted" if ex.errno in {errno.EPERM, errno.EACCES} else ex.strerror
        raise NoNamespaceError(f"the lab cannot {what} here ({reason}): {remedy}") from ex
