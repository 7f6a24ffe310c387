"""The simulated disk behaves as the real one does, as long as nothing fails."""

import shutil
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from cluster.log.files import File, Files, RealFiles, read_file, write_file
from tests.support.files import Crashed, SimFiles

NAMES = st.sampled_from(["a", "b", "c", "sub/a", "sub/b"])
DATA = st.binary(max_size=64)


class SameFiles(RuleBasedStateMachine):
    """The same operations on both; every answer and every error must be the same."""

    @initialize()
    def start(self) -> None:
        self.root = tempfile.mkdtemp()
        self.pairs: list[tuple[Files, str]] = [(RealFiles(), self.root), (SimFiles(), "/sim")]
        for files, root in self.pairs:
            files.make_directory(f"{root}/sub")

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def both(self, do: Callable[[Files, str], Any]) -> Any:
        answers = []
        for files, root in self.pairs:
            try:
                answers.append(do(files, root))
            except OSError as error:
                answers.append(type(error))
        assert answers[0] == answers[1]
        return answers[0]

    def opened(self, name: str, do: Callable[[File], Any]) -> None:
        def on(files: Files, root: str) -> Any:
            file = files.open(f"{root}/{name}", create=False)
            try:
                return do(file)
            finally:
                file.close()

        self.both(on)

    @rule(name=NAMES)
    def create(self, name: str) -> None:
        self.both(lambda files, root: files.open(f"{root}/{name}").close())

    @rule(name=NAMES, parts=st.lists(DATA, max_size=3), offset=st.integers(0, 100))
    def write(self, name: str, parts: list[bytes], offset: int) -> None:
        self.opened(name, lambda file: file.pwrite(parts or [b""], offset))

    @rule(name=NAMES, size=st.integers(0, 150), offset=st.integers(0, 150))
    def read(self, name: str, size: int, offset: int) -> None:
        self.opened(name, lambda file: file.pread(size, offset))

    @rule(name=NAMES, size=st.integers(0, 150))
    def truncate(self, name: str, size: int) -> None:
        self.opened(name, lambda file: file.truncate(size))

    @rule(name=NAMES)
    def sync(self, name: str) -> None:
        self.opened(name, lambda file: file.sync())
        self.both(lambda files, root: files.sync_directory(root))

    @rule(name=NAMES)
    def unlink(self, name: str) -> None:
        self.both(lambda files, root: files.unlink(f"{root}/{name}"))

    @rule(name=NAMES, data=DATA, sync=st.booleans())
    def replace_content(self, name: str, data: bytes, sync: bool) -> None:
        self.both(lambda files, root: write_file(files, f"{root}/{name}", data, sync=sync))

    @rule()
    def move_directory(self) -> None:
        self.both(lambda files, root: files.replace(f"{root}/sub", f"{root}/moved"))
        self.both(lambda files, root: files.listdir(f"{root}/moved"))
        self.both(lambda files, root: files.replace(f"{root}/moved", f"{root}/sub"))

    @invariant()
    def the_same_is_there(self) -> None:
        if hasattr(self, "pairs"):
            self.both(lambda files, root: (files.listdir(root), files.listdir(f"{root}/sub")))
            for name in ("a", "sub/b"):
                self.both(lambda files, root, name=name: read_file(files, f"{root}/{name}"))


SameFiles.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
test_the_simulated_disk_is_like_the_real_one = SameFiles.TestCase


def test_what_was_synchronised_survives_a_power_cut_and_the_rest_may_go() -> None:
    lost = 0
    for seed in range(200):
        files = SimFiles(seed)
        files.make_directory("/d")
        file = files.open("/d/f")
        file.pwrite([b"a" * 5000], 0)
        file.sync()
        files.sync_directory("/d")
        file.pwrite([b"b" * 9000], 5000)
        files.restart(power_cut=True)
        content = read_file(files, "/d/f")
        assert content is not None
        assert content.startswith(b"a" * 5000)
        assert set(content[5000:]) <= {ord("b"), 0}
        lost += len(content) < 14_000 or 0 in content
    assert 50 < lost < 200


def test_a_name_that_was_not_synchronised_may_be_lost_but_is_never_half_renamed() -> None:
    seen = set()
    for seed in range(50):
        files = SimFiles(seed)
        files.make_directory("/d")
        write_file(files, "/d/f", b"old", sync=True)
        write_file(files, "/d/f", b"new", sync=False)
        files.restart(power_cut=True)
        seen.add(read_file(files, "/d/f"))
    assert {b"old"} < seen <= {b"old", b"new", b"", b"n", b"ne", bytes(3)}


def test_a_dead_process_does_nothing_more() -> None:
    files = SimFiles()
    files.make_directory("/d")
    file = files.open("/d/f")
    files.crash_at(files.changes + 1)
    file.pwrite([b"1"], 0)
    with pytest.raises(Crashed):
        file.truncate(0)
    with pytest.raises(Crashed):
        files.unlink("/d/f")
    files.restart(power_cut=False)
    assert read_file(files, "/d/f") == b"1"
