"""What the command's options may be: each value is checked before anything is done, and a refusal says what passes."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

import click

from justemails.addresses import AddressError, parse_domain


class IpAddress(click.ParamType[str]):
    name = "ip"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return str(ip_address(str(value)))
        except ValueError:
            self.fail(f"must be an IP address like 203.0.113.5, not {value!r}", param, ctx)


class IpNetwork(click.ParamType[IPv4Network | IPv6Network]):
    name = "network"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> IPv4Network | IPv6Network:
        try:
            return ip_network(str(value))
        except ValueError as ex:
            self.fail(f"must be a network like 10.1.0.0/16: {ex}", param, ctx)


class HostName(click.ParamType[str]):
    name = "host"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return parse_domain(str(value))
        except AddressError as ex:
            self.fail(str(ex), param, ctx)


class HostPort(click.ParamType[tuple[str, int]]):
    """``HOST``, ``HOST:PORT``, ``[IPV6]:PORT``."""

    name = "host:port"

    def __init__(self, port: int) -> None:
        self._port = port

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        if isinstance(value, tuple):  # click converts defaults twice
            return value
        match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+))(?::([0-9]{1,5}))?", str(value))
        if match is None or not 0 < int(match[3] or self._port) < 65536:
            self.fail(f"must be a host and a port like relay.example.com:{self._port}", param, ctx)
        return match[1] or match[2], int(match[3] or self._port)


class NameServer(HostPort):
    """``IP``, ``IP:PORT``, ``[IPV6]:PORT``."""

    name = "ip:port"

    def __init__(self) -> None:
        super().__init__(53)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        ip, port = super().convert(value, param, ctx)
        return IpAddress().convert(ip, param, ctx), port
