"""Log lines for machines and people: one line an event, with the request's id, never with a secret.

The standard library's logging does all of it; a library for structured logs would put a second way of logging beside
the one that Django, Celery, gunicorn and every dependency use, and their lines must come out the same.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from audit.asked import request_now

HIDDEN = "[hidden]"
SECRETS = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*"),  # JSON Web Tokens
    re.compile(r"(?<=\bcs_)[0-9a-f]{8}_[\w-]{16,}"),  # our own keys
    re.compile(r"(?i)(?<=\bbearer )[^\s'\",;]+|(?<=\bbasic )[a-z0-9+/=_-]{8,}"),
    re.compile(r"(?<=://)[^\s/@:]*:[^\s/@]+(?=@)"),  # user:password in addresses
    re.compile(r"(?i)(?<=password=)[^\s&'\"]+|(?<=token=)[^\s&'\"]+|(?<=secret=)[^\s&'\"]+"),
)
"""What is hidden wherever it stands: the second wall behind not logging it."""


def without_secrets(text: str) -> str:
    """The text with everything that has the form of a secret hidden."""
    for form in SECRETS:
        text = form.sub(HIDDEN, text)
    return text


class TextLines(logging.Formatter):
    """For people: time, level, where, what, and the request where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        asked = request_now()
        line = super().format(record)
        return without_secrets(f"{line} [{asked}]" if asked else line)


class JsonLines(logging.Formatter):
    """For log collectors: one JSON object a line. `facts` in a call's `extra` become fields of their own."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            "process": record.process,
        }
        if asked := request_now():
            told["request_id"] = asked
        facts = getattr(record, "facts", {})
        told |= {name: without_secrets(v) if isinstance(v, str) else v for name, v in facts.items()}
        if record.exc_info:
            told["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False, default=str)


def logging_of(format: str, level: str) -> dict[str, Any]:
    """Django's LOGGING. Lines about each request and job are for collectors; a terminal stays quiet about them."""
    each_time = {"level": "INFO" if format == "json" else "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": TextLines, "format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
            "json": {"()": JsonLines},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": format}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "countersign.answered": each_time,
            "countersign.job": each_time,
            "celery": {"level": "WARNING"},
        },
    }
