"""The only place that keeps what the HTTP library logs fit to be read by anyone.

At INFO it logs whole addresses, and the query of a link is what opens it; at DEBUG it logs the
headers of replies, in which vendors echo keys.
"""

import logging
import re

from voicelab.errors import without_queries

IO_THREAD = "voicelab-io"
"""The thread all network work of voicelab runs on; others may log as they like."""
_LOGGERS = (
    "httpx",
    *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")),
)
_HEADERS = re.compile(r"(headers\.complete return_value=).*", re.DOTALL)


class _Quiet(logging.Filter):
    """Takes queries of links and headers of replies out of what is logged on one thread."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record where it must not be logged as it is; let all of them through."""
        if record.threadName == IO_THREAD:
            said = _HEADERS.sub(r"\1…", record.getMessage())
            record.msg, record.args = without_queries(said), ()
        return True


_QUIET = _Quiet()


def keep_quiet() -> None:
    """Let the HTTP library log no key and no signed link; calling it again is fine."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_QUIET)
