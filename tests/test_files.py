"""Files that are written whole or not at all."""

import os
import stat
import sys

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
