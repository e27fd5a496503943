"""The command that serves the web page."""

import gc
import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from indexer.cli.chosen import open_store
from indexer.config import LOOPBACK, Config, load_config
from indexer.engines import open_index
from indexer.errors import PantauError
from indexer.index import SearchIndex, sync
from indexer.store import Store
from indexer.terminal import say

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

app = typer.Typer()
logger = logging.getLogger(__name__)
HOST, PORT = "127.0.0.1", 8080
"""Where the page is unless said otherwise."""
SYNC_SECONDS = 10
"""How long what another process stored may wait until it can be searched."""
GRACE = 10
"""Seconds that answers under way may take when all is to end."""


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535)] = PORT,
) -> None:
    """Serve the web page and the API, until Ctrl-C or SIGTERM."""
    config = load_config()
    with closing(open_store()) as store, closing(open_index(config)) as index:
        server = Server(config, store, index, host, port)
        say(f"Pantau is at {server.address}; stop with Ctrl-C.")
        if config.web_url and _is_loopback(host) and not config.web_proxies:
            logger.warning(
                "PANTAU_WEB_PROXIES is not set: all readers who come by a proxy count as one, and share the limits of one."
            )
        with _kept_up(store, index):
            server.run()


class Server:
    """The web page on an address, over an open record and index."""

    def __init__(self, config: Config, store: Store, index: SearchIndex, host: str, port: int) -> None:
        """Listens from now on; raises PantauError if it cannot, or must not."""
        from indexer.web.app import create_app

        _check_address(config, host)
        self._listening = _listen(host, port)
        is_open = _is_loopback(host) and config.hosts == LOOPBACK
        self._server = web_server(create_app(config, store, index, is_open), config)
        shown = f"[{host}]" if ":" in host else host
        self.address = config.web_url or f"http://{shown}:{self._listening.getsockname()[1]}"

    def run(self) -> None:
        """Serve until told to stop: by `stop`, or in the main thread by a signal."""
        gc.collect()
        gc.freeze()  # what is there now stays: it need not be looked through again and again
        gc.set_threshold(10_000)
        self._server.run(sockets=[self._listening])

    def stop(self) -> None:
        """End `run` in another thread after the answers that are under way."""
        self._server.should_exit = True


def web_server(application: "FastAPI", config: Config, **options: Any) -> "uvicorn.Server":
    """uvicorn with all bounds that strangers need, and no word of its own to them."""
    import uvicorn

    from indexer.web.connections import IDLE_SECONDS, Connection

    bounds: dict[str, Any] = {
        "http": Connection,
        "ws": "none",
        "log_level": "error",  # it warns of every request that is none
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "proxy_headers": bool(config.web_proxies),
        "forwarded_allow_ips": config.web_proxies or None,
        "timeout_keep_alive": int(IDLE_SECONDS),
        "timeout_graceful_shutdown": GRACE,
    }
    return uvicorn.Server(uvicorn.Config(application, **bounds, **options))


@contextmanager
def serving(config: Config, store: Store, host: str, port: int) -> Iterator[str]:
    """Serve the web page beside other work, from a thread of its own; yields its address."""
    with closing(open_index(config)) as index:
        server = Server(config, store, index, host, port)
        thread = Thread(target=server.run, name="web")
        thread.start()
        try:
            yield server.address
        finally:
            server.stop()
            thread.join()


@contextmanager
def _kept_up(store: Store, index: SearchIndex) -> Iterator[None]:
    """Meanwhile send to the index what other processes store."""
    is_over = Event()

    def keep_up() -> None:
        told = ""
        while not is_over.is_set():
            try:
                sync(store, index)
                told = ""
            except Exception as error:  # told, and tried again
                if str(error) != told:  # once, not every few seconds while it lasts
                    logger.error("%s", error, exc_info=None if isinstance(error, PantauError) else error)
                told = str(error)
            is_over.wait(SYNC_SECONDS)

    thread = Thread(target=keep_up, name="index")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise PantauError(f"Nothing can listen on {host} port {port}: {error.strerror or error}.") from error


def _check_address(config: Config, host: str) -> None:
    if not config.web_url and not _is_loopback(host):
        raise PantauError(
            "To serve others than this machine set PANTAU_WEB_URL to the address they use, "
            "as https://pantau.example.org."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
