"""Files that are written whole or not at all."""

import os
import stat
import sys
import threading

import pytest

from market_py.files import write_atomically


def test_a_file_is_replaced_or_left(tmp_path):
    path = tmp_path / "one.json"
    write_atomically(path, lambda file: file.write(b"first"))
    write_atomically(str(path), lambda file: file.write(b"second"))

    def fail(file):
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, fail)
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "no folder" / "one.json", fail)
    assert [file.name for file in tmp_path.iterdir()] == ["one.json"]
    assert path.read_bytes() == b"second"


@pytest.mark.skipif(sys.platform == "win32", reason="has no umask to speak of")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_who_may_read_it_is_what_the_umask_says(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "one", lambda file: file.write(b"1"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == mode


posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes of POSIX")


@posix
@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_stays(tmp_path, exists):
    target, link, second = (tmp_path / "a" / "target", tmp_path / "link", tmp_path / "second")
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"before")
    link.symlink_to("a/target")
    second.symlink_to(link)
    write_atomically(second, lambda file: file.write(b"after"))
    assert target.read_bytes() == b"after"
    assert link.is_symlink() and second.is_symlink() and not target.is_symlink()
    assert [file.name for file in target.parent.iterdir()] == ["target"]


@posix
def test_a_pipe_is_written_to(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    write_atomically(pipe, lambda file: file.write(b"through"))
    reader.join(10)
    assert read == [b"through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write_atomically(os.devnull, lambda file: file.write(b"nowhere"))
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)  # noqa: PTH116


@posix
def test_a_folder_stays(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, lambda file: file.write(b"1"))
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("name", ["x" * 250 + ".json", "x." + "y" * 253, "é" * 100, "a b$c"])
def test_long_and_odd_names(tmp_path, name):
    write_atomically(tmp_path / name, lambda file: file.write(b"1"))
    assert [file.name for file in tmp_path.iterdir()] == [name]
