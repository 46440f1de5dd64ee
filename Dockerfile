# One image for web, worker, scheduler, migrations and MLflow; deploy/entrypoint.sh tells them apart.
# Debian 12's Python 3.11: the version that requirements.txt was resolved for.
ARG PYTHON_IMAGE=python:3.11.14-slim-bookworm

FROM ${PYTHON_IMAGE} AS packages
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.8
COPY requirements.txt /build/
# Only what the lock names, only with the hashes that it names; compiled now, because the image is read-only later.
RUN python -m venv --without-pip /opt/countersign/venv \
    && uv pip sync --no-cache --require-hashes --compile-bytecode \
       --python /opt/countersign/venv/bin/python /build/requirements.txt

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Countersign" \
      org.opencontainers.image.description="Which machine-learning models may run, and the proof of it later."
# Pango and fonts draw the PDF reports; bubblewrap walls the sandbox off where the host allows it.
RUN apt-get update -q \
    && apt-get install -y -q --no-install-recommends \
       libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b libharfbuzz-subset0 libfontconfig1 fonts-dejavu-core bubblewrap \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 countersign \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin countersign \
    && install -d -o countersign -g countersign -m 0750 /var/lib/countersign /var/lib/mlflow

COPY --from=packages /opt/countersign/venv /opt/countersign/venv
COPY . /opt/countersign/app
WORKDIR /opt/countersign/app
ENV PATH=/opt/countersign/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    COUNTERSIGN_VAR=/var/lib/countersign \
    COUNTERSIGN_BIND=0.0.0.0:8000 \
    PROMETHEUS_MULTIPROC_DIR=/tmp/countersign-metrics
RUN python -m compileall -q .
USER 10001:10001
VOLUME ["/var/lib/countersign", "/var/lib/mlflow"]
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=4 \
    CMD ["/opt/countersign/app/deploy/entrypoint.sh", "healthy", "web"]
ENTRYPOINT ["/opt/countersign/app/deploy/entrypoint.sh"]
CMD ["web"]
