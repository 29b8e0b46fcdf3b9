"""Debian's Postfix, unmodified, as a private instance: it takes mail at an address into a Maildir, and can send too.

Postfix 3.7 as Debian 12 ships it takes ``LF . LF`` for the end of a message (``smtpd_forbid_bare_newline = no``), which
makes it the victim that a careless sender needs; said here once more, since later versions default to another value.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.judges.place import wait_until

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
mail_owner = postfix
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
myhostname = {name}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_bind_address = {ip}
smtputf8_enable = yes
message_size_limit = 0
mailbox_size_limit = 0
virtual_mailbox_limit = 0
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:Maildir/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_connection_count_limit = 0
smtpd_sender_restrictions = reject_unknown_sender_domain
notify_classes =
bounce_queue_lifetime = 5d
smtp_host_lookup = dns
smtp_dns_support_level = enabled
smtpd_forbid_bare_newline = no
"""
_CHROOT_COLUMN = re.compile(r"(?m)^(\S+\s+(?:inet|unix|unix-dgram|fifo|pass)\s+\S+\s+\S+\s+)y(\s)")


class Postfix:
    """An instance that runs.

    Args:
        folder: its own, for queue, log and mail.
        domains: whose mail it takes.
    """

    def __init__(self, folder: Path, ip: str, name: str, domains: Sequence[str]) -> None:
        self.address = (ip, 25)
        self._folder = folder
        self._config = folder / "etc"
        for part in ("etc", "queue", "data", "Maildir"):
            (folder / part).mkdir(parents=True)
        user = _user("postfix")
        for part in ("data", "Maildir"):
            shutil.chown(folder / part, *user)
        main = _MAIN.format(folder=folder, ip=ip, name=name, domains=" ".join(domains), uid=user[0], gid=user[1])
        (self._config / "main.cf").write_text(main)
        master = Path("/usr/share/postfix/master.cf.dist").read_text()
        # Its address is on no interface by itself: the whole network is loopback's.
        master = re.sub(r"(?m)^smtp(\s+inet)", rf"{ip}:25\1", master, count=1)
        (self._config / "master.cf").write_text(_CHROOT_COLUMN.sub(r"\1n\2", master))
        self._run("postfix", "-c", str(self._config), "start")
        wait_until(lambda: "daemon started" in self._log, "that Postfix runs")

    @property
    def _log(self) -> str:
        log = self._folder / "maillog"
        return log.read_text(errors="replace") if log.exists() else ""

    def mails(self) -> Sequence[bytes]:
        """Return what has arrived, with line ends as they are on the wire."""
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in self._files()]

    def wait_for(self, count: int) -> None:
        """Wait until that many mails are in the Maildir, and nothing more is on its way."""
        wait_until(
            lambda: len(self._files()) >= count and self._queue_is_empty() and not self._is_spoken_to(),
            f"that {count} mails are kept",
        )

    def clear(self) -> None:
        """Throw away what has arrived."""
        for path in self._files():
            path.unlink()

    def submit(self, sender: str, recipient: str) -> None:
        """Hand it a mail to send."""
        mail = f"From: {sender}\nTo: {recipient}\nSubject: x\n\nhello\n"
        self._run("sendmail", "-C", str(self._config), "-i", "-f", sender, recipient, text=mail)

    def outcomes(self, recipients: Sequence[str]) -> Mapping[str, str]:
        """Wait until each recipient has been tried, and return ``sent HOST``, ``deferred`` or ``bounced``."""
        wait_until(lambda: set(self._outcomes()) >= set(recipients), "that Postfix has tried everything")
        return self._outcomes()

    def stop(self) -> None:
        self._run("postfix", "-c", str(self._config), "stop")

    def _outcomes(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        pattern = r"to=<([^>]+)>, (?:orig_to=\S+ )?relay=(\S+), .*status=(\w+)"
        for recipient, relay, status in re.findall(pattern, self._log):
            found.setdefault(recipient, f"sent {relay.partition('[')[0]}" if status == "sent" else status)
        return found

    def _is_spoken_to(self) -> bool:
        """Say whether a client may still be about to hand over another mail."""
        log = self._log
        return log.count("]: connect from ") != log.count("]: disconnect from ")

    def _queue_is_empty(self) -> bool:
        return not any(
            path.is_file()
            for part in ("incoming", "active", "maildrop")
            for path in (self._folder / "queue" / part).rglob("*")
        )

    def _files(self) -> Sequence[Path]:
        new = self._folder / "Maildir" / "new"
        return sorted(new.iterdir()) if new.exists() else []

    def _run(self, *command: str, text: str | None = None) -> None:
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]} says: {done.stdout}{done.stderr}{self._log[-2000:]}")


def _user(name: str) -> tuple[int, int]:
    import pwd

    entry = pwd.getpwnam(name)
    return entry.pw_uid, entry.pw_gid
