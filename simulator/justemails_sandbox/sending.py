"""Who sends the sandbox's mail, and how: what receivers see of it."""

from dataclasses import replace

from justemails.delivery.settings import DEFAULTS

SENDING_IP = "127.0.0.1"
"""Where the mail comes from, truly: what SPF records name."""

SENDING_NAME = "out.justemails.test"
"""What the sender calls itself in EHLO."""

DELIVERY = replace(DEFAULTS, ehlo_name=SENDING_NAME)
"""The reference's own settings but for the name."""
