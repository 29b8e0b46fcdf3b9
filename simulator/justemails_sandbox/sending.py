"""Who sends the sandbox's mail, and how: what receivers see of it."""

from dataclasses import replace

from fakemx.dns.zones import CATCHALL_MX
from justemails.delivery.settings import DEFAULTS
from justemails.domains.domain import SendingHost

SENDING_IP = "127.0.0.1"
"""Where the mail comes from, truly: what SPF records name."""

SENDING_NAME = "out.justemails.test"
"""What the sender calls itself in EHLO."""

SENDING_HOST = SendingHost((SENDING_IP,), bounces_to=CATCHALL_MX)
"""What domains have to name: reports about mail come back to the fake network, where they can be seen."""

DELIVERY = replace(DEFAULTS, ehlo_name=SENDING_NAME)
"""The reference's own settings but for the name."""
