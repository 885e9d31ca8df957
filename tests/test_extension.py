"""The extension and its sources."""

from market_py import extension


def test_the_build_list_is_that_of_build_rs():
    source = (extension.CRATE / "build.rs").read_text()
    for path in extension.SOURCES:
        assert f'"{path}"' in source
    assert f"[&str; {len(extension.SOURCES)}]" in source
