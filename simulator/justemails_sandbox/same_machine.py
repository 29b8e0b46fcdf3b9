"""Who may call what changes a sandbox, or read it in a browser: this machine alone.

Loopback is not protection enough: any web page that the user opens can send requests to it, and can have a name of its
own lead to 127.0.0.1. So Host and Origin are checked, after routing, when the path has been decoded.
"""

import falcon

from justemails.api.errors import ApiError
from justemails_contract.errors import FORBIDDEN


def refuse_others(req: falcon.Request) -> None:
    """Refuse what another origin, or a name that only resolves to us, could send.

    Raises:
        ApiError: 403.
    """
    port = req.env["SERVER_PORT"]
    hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}
    if (req.get_header("Host") or "") not in hosts:
        raise ApiError(FORBIDDEN, f"The Host header must be 127.0.0.1:{port} or localhost:{port}.")
    origin = req.get_header("Origin")
    if origin is not None and origin not in {f"http://{host}" for host in hosts}:
        raise ApiError(FORBIDDEN, "Requests from another origin are refused.")
