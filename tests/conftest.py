"""What every test may ask for."""

from __future__ import annotations

import gc
import os
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import settings
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import URL, Engine, create_engine
from werkzeug.routing import Rule

from collector.accounts import passwords

pytest_plugins = ["tests.stores"]

# A real hash takes a fifth of a second of every core, and hundreds of tests log in. tests/integration/login tests what real ones cost.
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class _Compiled(BytecodeCache):
    """Templates as Jinja compiled them, kept by name and source for the whole process."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


# Nearly every test of a page makes an application of its own, and would compile the same templates anew.
Flask.jinja_options = {"bytecode_cache": _Compiled()}


class _Rule(Rule):
    """A rule of addresses whose two functions that write one out are compiled once a process for all that say the same."""

    _compiled: ClassVar[dict[str, Callable[..., tuple[str, str]]]] = {}

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        said = repr((self.rule, self._trace, self.defaults, append_unknown))
        if said not in self._compiled:
            self._compiled[said] = super()._compile_builder(append_unknown)
        return self._compiled[said]


# And the same rules: four fifths of the time that making an application takes.
Flask.url_rule_class = _Rule


class _Statements(dict[tuple[Any, ...], Any]):
    """Statements as SQLAlchemy compiled them, kept for every engine of one kind: a key begins with the engine's own dialect."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(key[1:], default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(key[1:], compiled)


_STATEMENTS: dict[str, _Statements] = defaultdict(_Statements)


def _create_engine(url: URL, execution_options: dict[str, Any] | None = None, **options: Any) -> Engine:
    kept = _STATEMENTS[url.get_backend_name()]
    return create_engine(url, execution_options={"compiled_cache": kept, **(execution_options or {})}, **options)


# A test's database is a new engine, which would compile every statement anew: a third of what a test of the store takes.
pytest.MonkeyPatch().setattr("collector.store.engine.create_engine", _create_engine)

# The unit suite is run at every change; `make test ARGS=--hypothesis-profile=thorough` looks longer.
settings.register_profile("quick", max_examples=40, deadline=None, database=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")


# Whatever is made while tests are collected stays, and every look through all of it for garbage took a tenth of the run.
gc.disable()


def pytest_collection_finish() -> None:
    """From here on garbage is looked for among what tests make."""
    gc.freeze()
    gc.enable()


BOOTED = ("test_centre_installed.py", "test_provisioning.py")
BEFORE = ("bench", "contract", "e2e")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What boots Debian comes after the rest of tests/e2e: `make test` makes the roots meanwhile (tests/fixtures/roots.py)."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.path.name in BOOTED:
        return 1
    return 0 if item.path.relative_to(Path(__file__).parent).parts[0] in BEFORE else 2


def _folder(variable: str, what: str) -> Path:
    named = os.environ.get(variable, "")
    if not named:
        pytest.skip(f"{what} are not part of the project: name their folder in {variable}")
    folder = Path(named).resolve()
    if not folder.is_dir():
        pytest.fail(f"{variable}={named}: no such folder")
    return folder


@pytest.fixture(scope="session")
def faces_dir() -> Path:
    """Folder of real face pictures, one sub-folder a set (lfw, nuaa, video, …)."""
    return _folder("SIPERLU_TEST_FACES", "real face pictures")


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Folder of third-party weights (detect/, embed/, …)."""
    return _folder("SIPERLU_TEST_MODELS", "third-party weights")


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights that come from packages, built once a run."""
    from models.build import build  # noqa: PLC0415 - loads dlib and ONNX, which most tests do without

    folder = tmp_path_factory.mktemp("weights")
    build(folder)
    return folder
