"""A sandbox with its HTTP server: the API, the control API and the dashboard on one port.

sandbox = ServedSandbox(SandboxSettings())
sandbox.start()
requests.get(sandbox.api + "/messages", headers={"Authorization": "Bearer " + sandbox.key})
sandbox.stop()
"""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any

from justemails.api.app import is_quick
from justemails.http_server import HttpServer, WsgiApp
from justemails_contract.operations import BASE_PATH
from justemails_sandbox.control import CONTROL_PATH
from justemails_sandbox.mounts import changing, dated, mount
from justemails_sandbox.request_log import logged
from justemails_sandbox.sandbox import Sandbox


class ServedSandbox(Sandbox):
    """A sandbox that people and their programs can call."""

    def start(self, ready: Callable[[], None] = lambda: None, whole: Callable[[], None] = lambda: None) -> None:
        """Open every port and begin to deliver; return when everything answers.

        Args:
            ready: called once the API does. The rest is loaded then: it takes longer than all before, and whoever
                asks for it meanwhile is answered as soon as it is there.
            whole: called once everything answers, before a first story is told.

        Raises:
            OSError: the port is taken.
        """
        api = logged(dated(self.make_api(), self.clock), self.events, self.requests, self.clock)
        rest: Future[WsgiApp] = Future()

        def when_loaded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: as WSGI has it
            return rest.result()(environ, start_response)

        app = mount({BASE_PATH: api}, otherwise=when_loaded)
        self._http = HttpServer(app, self.settings.host, self.settings.port, is_quick, self.together)
        self._http_thread = threading.Thread(target=self._http.run, name="justemails-http", daemon=True)
        self._http_thread.start()
        ready()
        try:
            super().start()
            rest.set_result(self._control_and_dashboard(api))
        except BaseException as ex:
            rest.set_exception(ex)  # for whom waits for it
            raise
        whole()
        if self.settings.story:
            from justemails_command.story import tell

            tell(self, api)

    def _control_and_dashboard(self, api: WsgiApp) -> WsgiApp:
        from justemails_dashboard.app import create_dashboard_app
        from justemails_sandbox.control.app import create_control_app

        control = changing(create_control_app(self), self.note_change)
        dashboard = changing(create_dashboard_app(self, api), self.note_change)
        return mount({CONTROL_PATH: control}, otherwise=dashboard)

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
        host, port = self.dns_address
        return f"{host}:{port}"

    @property
    def control(self) -> str:
        return self.url + CONTROL_PATH
