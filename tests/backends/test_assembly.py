"""The inner loop of the search is what the study says: vectorised, without a jump."""

import platform
import re
import shutil
import subprocess

import pytest

from market_py.extension import CRATE

COMMAND = "cargo rustc --quiet --release --package merit-order --lib"


@pytest.mark.long
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the names are those of x86")
@pytest.mark.skipif(shutil.which("cargo") is None, reason="no cargo")
def test_guesses_are_summed_up_without_a_jump(tmp_path):
    command = [*COMMAND.split(), "--target-dir", tmp_path, "--", "--emit", "asm"]
    subprocess.run(command, cwd=CRATE, check=True, capture_output=True)
    (assembly,) = tmp_path.rglob("merit_order-*.s")
    loops = []
    for block in re.split(r"^\.LBB\w+:$", assembly.read_text(), flags=re.MULTILINE):
        # A loop ends where it jumps back; what follows is another stretch.
        body = block.partition("\tj")[0]
        counts = {
            name: len(re.findall(rf"\t{name}\t.*%ymm", body))
            for name in ("vcmple_oqpd", "vandpd", "vaddpd", "vpcmpgtq", "vblendvpd")
        }
        if counts["vcmple_oqpd"] == 7:
            loops.append(counts)
    # One for the market, one for the candidates that are left; a mask, never a choice.
    assert len(loops) >= 2
    for counts in loops:
        assert counts["vandpd"] == counts["vaddpd"] == 7
        assert counts["vpcmpgtq"] == counts["vblendvpd"] == 0
