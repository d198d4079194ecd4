"""Freed memory goes back to the system, in a process of its own: others free and take meanwhile."""

import subprocess
import sys
from pathlib import Path

import pytest

MIB = 64
PROGRAM = f"""
import re
from tertulia.engine.freed import give_back

def resident():
    with open("/proc/self/status") as file:
        return int(re.search(r"VmRSS:\\s+(\\d+) kB", file.read())[1]) // 1024

blocks = [bytes(4096) for _ in range({MIB} * 256)]
pin = bytes(4096)
blocks.clear()
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells memory by /proc")
def test_what_was_freed_between_blocks_that_live_on_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=240
    )
    assert int(done.stdout) > MIB / 2
