"""A sender that knows nothing of the lab: it asks the system's resolver, and connects to port 25.

python sender.py RECIPIENT          # exit 0 accepted, 4 put off, 5 refused
"""

import smtplib  # noqa: TID251  # this one is a stranger
import sys

import dns.resolver

CODES = {"a": 0, "later": 4, "no": 5}


def send(recipient: str) -> int:
    """Try the mail hosts by preference, and return the exit code."""
    records = sorted(dns.resolver.resolve(recipient.rpartition("@")[2], "MX"), key=lambda record: record.preference)
    for record in records:
        try:
            with smtplib.SMTP(str(record.exchange).rstrip("."), 25, timeout=10) as client:
                client.sendmail("a@b.test", [recipient], "Subject: from outside\r\n\r\nhello\r\n")
                return 0
        except smtplib.SMTPRecipientsRefused as ex:
            ((code, _),) = ex.recipients.values()
            return code // 100
        except OSError:
            continue
    return 4


if __name__ == "__main__":
    sys.exit(send(sys.argv[1]))
