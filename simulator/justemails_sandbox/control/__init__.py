"""The control API below ``/sandbox/v1``: the sandbox's own, not part of the e-mail API."""

CONTROL_PATH = "/sandbox/v1"
