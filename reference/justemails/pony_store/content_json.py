"""The content of a message as one JSON text, written at accept and read at delivery."""

import json
from typing import Any

from justemails.addresses import Address, Mailbox
from justemails.records import Content


def dump(content: Content) -> str:
    return json.dumps(
        {
            "from": _dump_mailbox(content.sender),
            "to": [content.recipient.local, content.recipient.domain],
            "subject": content.subject,
            "html": content.html,
            "text": content.text,
            "replyTo": content.reply_to and _dump_mailbox(content.reply_to),
            "headers": dict(content.headers),
        },
        ensure_ascii=False,
    )


def load(text: str) -> Content:
    members: dict[str, Any] = json.loads(text)  # Any: what ``dump`` wrote, and nobody else
    return Content(
        sender=_load_mailbox(members["from"]),
        recipient=Address(*members["to"]),
        subject=members["subject"],
        html=members["html"],
        text=members["text"],
        reply_to=members["replyTo"] and _load_mailbox(members["replyTo"]),
        headers=members["headers"],
    )


def _dump_mailbox(mailbox: Mailbox) -> list[str | None]:
    return [mailbox.address.local, mailbox.address.domain, mailbox.name]


def _load_mailbox(parts: list[str]) -> Mailbox:
    local, domain, name = parts
    return Mailbox(Address(local, domain), name)
