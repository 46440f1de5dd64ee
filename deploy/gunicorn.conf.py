"""How gunicorn serves Countersign, embedded and in the image alike. What differs comes from the environment."""

import os
import shutil
from pathlib import Path
from typing import Any

from prometheus_client import multiprocess

from governance.operation.logs import logging_of

bind = os.environ.get("COUNTERSIGN_BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("COUNTERSIGN_WEB_WORKERS", "2"))
threads = int(os.environ.get("COUNTERSIGN_WEB_THREADS", "4"))
worker_class = "gthread"
wsgi_app = "governance.wsgi:application"
preload_app = True  # one import for all workers: a faster start, and shared memory
timeout = 120
graceful_timeout = 5
keepalive = 5
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (gunicorn makes an anonymous file)

# gunicorn's own lines look like the others.
if os.environ.get("COUNTERSIGN_LOG_FORMAT") == "json":
    logconfig_dict = logging_of("json", os.environ.get("COUNTERSIGN_LOG_LEVEL", "INFO"))
    logconfig_dict["loggers"]["gunicorn.error"] = {"level": "INFO", "propagate": True}

# Counts of the workers of the last start are forgotten: here, because preloading needs the folder, and once only,
# because gunicorn reads this file again on SIGHUP.
_metrics = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
if _metrics and os.environ.get("COUNTERSIGN_METRICS_CLEARED") != _metrics:
    shutil.rmtree(_metrics, ignore_errors=True)
    Path(_metrics).mkdir(parents=True)
    os.environ["COUNTERSIGN_METRICS_CLEARED"] = _metrics


def child_exit(server: Any, worker: Any) -> None:
    """A worker that is gone no longer counts in the gauges."""
    if _metrics:
        multiprocess.mark_process_dead(worker.pid)
