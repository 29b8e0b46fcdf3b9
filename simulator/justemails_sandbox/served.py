"""A sandbox with its HTTP server: the API, the control API and the dashboard on one port.

sandbox = ServedSandbox(SandboxSettings())
sandbox.start()
requests.get(sandbox.api + "/messages", headers={"Authorization": "Bearer " + sandbox.key})
sandbox.stop()
"""

import threading
from collections.abc import Callable

from justemails.app import is_quick
from justemails.http_server import HttpServer
from justemails_contract.operations import BASE_PATH
from justemails_sandbox.control.app import CONTROL_PATH, create_control_app
from justemails_sandbox.dashboard.app import create_dashboard_app
from justemails_sandbox.mounts import changing, dated, mount
from justemails_sandbox.request_log import logged
from justemails_sandbox.sandbox import Sandbox
from justemails_sandbox.story import tell


class ServedSandbox(Sandbox):
    """A sandbox that people and their programs can call."""

    def start(self, ready: Callable[[], None] = lambda: None) -> None:
        """Open every port and begin to deliver; return when the API answers.

        Args:
            ready: called once it does, before a first story is told.

        Raises:
            OSError: the port is taken.
        """
        api = logged(dated(self.make_api(), self.clock), self.events, self.requests, self.clock)
        control = changing(create_control_app(self), self.note_change)
        dashboard = changing(create_dashboard_app(self, api), self.note_change)
        app = mount({BASE_PATH: api, CONTROL_PATH: control}, otherwise=dashboard)
        self._http = HttpServer(app, self.settings.host, self.settings.port, is_quick, self.together)
        super().start()
        self._http_thread = threading.Thread(target=self._http.run, name="justemails-http", daemon=True)
        self._http_thread.start()
        ready()
        if self.settings.story:
            tell(self, api)

    def stop(self) -> None:
        """Take no more requests, finish what is under way, and close everything."""
        self.timekeeper.stop()
        self._http.stop()
        self._http_thread.join()
        super().stop()

    @property
    def url(self) -> str:
        host = f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host
        return f"http://{host}:{self._http.port}"

    @property
    def api(self) -> str:
        return self.url + BASE_PATH

    @property
    def dns(self) -> str:
        """Where the fake DNS listens, over UDP and TCP."""
        return f"127.0.0.1:{self.network.dns_port}"

    @property
    def control(self) -> str:
        return self.url + CONTROL_PATH
