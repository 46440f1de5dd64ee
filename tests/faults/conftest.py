"""An installation that is made once and copied for each drill, which may then break its own."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.pipelines import Pipeline
from tests.faults.postgres import Server, own_server
from tests.faults.redis_server import RedisServer
from tests.faults.site import Site


@dataclass(frozen=True)
class Prepared:
    """A stopped installation: PostgreSQL's data folder, var/ with keys and files, and what `ready` told."""

    data: Path
    var: Path
    made: Mapping[str, str]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prepared]:
    """Migrated, with a version that production allows."""
    folder = tmp_path_factory.mktemp("prepared")
    with own_server() as server:
        site = Site(folder, database=server.address, redis="")
        site.run("manage.py", "migrate", "-v0")
        made = json.loads(site.run("-m", "tests.faults.ready").splitlines()[-1])
        server.stop("fast")
        yield Prepared(server.folder / "data", site.var, made)


@pytest.fixture
def server(prepared: Prepared) -> Iterator[Server]:
    """A PostgreSQL of the drill's own, on its copy of what was prepared."""
    with own_server(of=prepared.data) as found:
        yield found


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis of the drill's own."""
    found = RedisServer(tmp_path)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def site(prepared: Prepared, server: Server, redis: RedisServer, tmp_path: Path) -> Iterator[Site]:
    """The product on those servers; nothing of it runs yet."""
    shutil.copytree(prepared.var, tmp_path / "var")
    found = Site(tmp_path, database=server.address, redis=redis.url)
    yield found
    found.stop()


@pytest.fixture
def pipeline(prepared: Prepared) -> Callable[[str], Pipeline]:
    """A pipeline that asks a web server, with a key for everything."""

    def pipeline(base: str) -> Pipeline:
        return Pipeline(base, prepared.made["key"])

    return pipeline
