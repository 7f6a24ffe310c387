"""What the log says of a database that is away: every process configures its log with this."""

import logging

from django.db import Error


class WithoutTraceback(logging.Filter):
    """A database that fails is told in one line, wherever it was missed: where that was helps nobody."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, Error):
            reason = str(error).partition("\n")[0]
            record.msg, record.args = f"{record.getMessage()}: {type(error).__name__}: {reason}", ()
            record.exc_info = record.exc_text = None
        return True
