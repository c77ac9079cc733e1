"""Code run in a process of its own that may take only so much memory more than its imports."""

import subprocess
import sys
from pathlib import Path

import pytest

FRAME = """\
import resource, sys
from pathlib import Path
{setup}
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + {more}, size + {more}))
{body}
"""

needs_limits = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is limited as Linux does it"
)


def limited(body: str, *, setup: str, more_mib: int, given: bytes = b"") -> str:
    """Return what `body` prints; `given` is its standard input, `setup` runs without the limit."""
    code = FRAME.format(setup=setup, body=body, more=more_mib * 2**20)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        input=given,
        capture_output=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    return done.stdout.decode().strip()
