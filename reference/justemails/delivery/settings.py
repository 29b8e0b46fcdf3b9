"""The numbers of delivery, in one place, with where they come from."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


class Phase(StrEnum):
    """Where in a delivery something happened."""

    DNS = "DNS"
    CONNECT = "CONNECT"
    GREETING = "GREETING"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"  # up to the end of the handshake
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "DOT"  # the message and the final dot, up to the reply
    NONE = "NONE"  # nothing was tried


@dataclass(frozen=True, slots=True)
class DeliverySettings:
    """How the engine behaves; the defaults are CHOICE-22's and CHOICE-29's."""

    ehlo_name: str = "localhost.localdomain"
    concurrency: int = 20  # messages under way at once; Postfix' default_destination_concurrency_limit is 20 a domain
    per_domain: int = 10  # of them to one recipient's domain, so that a slow one leaves room for others
    most_addresses: int = 5  # tried in one attempt; Postfix' smtp_mx_address_limit

    retry_ladder: tuple[timedelta, ...] = (
        1 * _MINUTE,
        5 * _MINUTE,
        15 * _MINUTE,
        30 * _MINUTE,
        1 * _HOUR,
        2 * _HOUR,
        4 * _HOUR,
    )  # the last one repeats
    jitter: float = 0.15  # each wait is that share shorter or longer, so that retries do not march in step
    give_up_after: timedelta = timedelta(days=4)  # RFC 5321 4.5.4.1: at least 4-5 days

    # An attempt is cut off well before its lease ends, so that nobody else can hold the message meanwhile.
    attempt_s: float = 45 * 60
    lease: timedelta = timedelta(hours=1)

    connect_s: float = 30  # Postfix' smtp_connect_timeout; RFC 5321 has no number
    greeting_s: float = 300  # RFC 5321 4.5.3.2.1
    command_s: float = 300  # 4.5.3.2.2 MAIL, 4.5.3.2.3 RCPT
    reset_s: float = 20  # Postfix' smtp_rset_timeout
    reuse_s: float = 300  # Postfix' smtp_connection_reuse_time_limit
    tls_s: float = 300  # Postfix' smtp_starttls_timeout; RFC 3207 has no number
    data_s: float = 120  # 4.5.3.2.4 the 354
    # 4.5.3.2.5 the data block (180 s) and 4.5.3.2.6 the reply to the dot (600 s); a short one makes duplicates
    content_s: float = 780


DEFAULTS = DeliverySettings()
