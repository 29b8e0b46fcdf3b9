"""``justemails ready``: a probe for scripts and CI."""

import http.client
import json
import sys
import time
import urllib.parse

import click

_PAUSE_S = 0.05


@click.command(short_help="Say whether a sandbox is ready.")
@click.option(
    "--wait", "wait_s", default=0.0, type=click.FloatRange(0, 600), metavar="SECONDS", help="Keep asking for so long."
)
@click.option(
    "--url", default="http://127.0.0.1:8025", show_default=True, envvar="JUSTEMAILS_URL", help="Where the sandbox is."
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def ready(wait_s: float, url: str, as_json: bool) -> None:  # noqa: FBT001
    """Exit 0 once the sandbox answers, 3 if it does not."""
    where = urllib.parse.urlsplit(url)
    try:
        port = where.port or 80
    except ValueError:
        port = 0
    if where.scheme != "http" or not where.hostname or not port:
        raise click.BadParameter("must be a URL like http://127.0.0.1:8025", param_hint="--url")
    deadline = time.perf_counter() + wait_s
    answers = _answers(where.hostname, port)
    while not answers and time.perf_counter() < deadline:
        time.sleep(_PAUSE_S)  # noqa: TID251  # waits for another process, on the machine's own time
        answers = _answers(where.hostname, port)
    if as_json:
        click.echo(json.dumps({"ready": answers, "url": url}))
    else:
        click.echo(f"{url} is ready" if answers else f"{url} does not answer", err=not answers)
    sys.exit(0 if answers else 3)


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/sandbox/v1/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
