#!/bin/sh
# What a container of the image does: `web`, `worker`, `scheduler`, `migrate`, `mlflow`, `healthy WHAT`, or `manage …`.
set -eu
cd "$(dirname "$0")/.."

# The health check asks as a browser behind the proxy would, so that neither the host check nor the redirect stops it.
ask() {
    python - "$1" <<'PYTHON'
import http.client, os, sys
host = os.environ.get("COUNTERSIGN_ALLOWED_HOSTS", "127.0.0.1").split(",")[0].strip().lstrip(".")
web = http.client.HTTPConnection("127.0.0.1", 8000, timeout=8)
web.request("GET", sys.argv[1], headers={"Host": host, "X-Forwarded-Proto": "https"})
sys.exit(web.getresponse().status != 200)
PYTHON
}

case "${1:-web}" in
    web)
        exec python -m gunicorn --config deploy/gunicorn.conf.py
        ;;
    worker)
        # Django's checks would load every page's code into the worker.
        export CELERY_SKIP_CHECKS=1
        exec python -m celery --app governance.celery:app --quiet worker --hostname "${COUNTERSIGN_WORKER_NAME:-worker}@%h" \
            --without-gossip --without-mingle --concurrency "${COUNTERSIGN_WORKERS:-2}" --loglevel WARNING \
            ${COUNTERSIGN_QUEUES:+--queues "$COUNTERSIGN_QUEUES"}
        ;;
    scheduler)
        exec python manage.py scheduler
        ;;
    migrate)
        python manage.py migrate --noinput
        [ -z "${COUNTERSIGN_APP_ROLE:-}" ] || python manage.py app_role "$COUNTERSIGN_APP_ROLE"
        python manage.py collectstatic --noinput --verbosity 0
        ;;
    mlflow)
        # By way of the server only: clients need no access to the files.
        exec mlflow server --host 0.0.0.0 --port 5000 --workers 2 \
            --backend-store-uri sqlite:////var/lib/mlflow/mlflow.db \
            --artifacts-destination /var/lib/mlflow/artifacts \
            --allowed-hosts "${MLFLOW_ALLOWED_HOSTS:-mlflow:5000,localhost:*,127.0.0.1:*}"
        ;;
    healthy)
        case "${2:-web}" in
            web) ask /readyz ;;
            live) ask /healthz ;;
            worker) python -m celery --app governance.celery:app inspect ping --timeout 8 \
                        --destination "worker@$(hostname)" >/dev/null ;;
            scheduler) test -n "$(find "$COUNTERSIGN_VAR/scheduler.heartbeat" -mmin -0.5)" ;;
        esac
        ;;
    manage)
        shift
        exec python manage.py "$@"
        ;;
    *)
        echo "Unknown command: $1. One of web, worker, scheduler, migrate, mlflow, healthy, manage." >&2
        exit 2
        ;;
esac
