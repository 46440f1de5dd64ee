"""Settings. Everything that an operator may change comes from the environment; README has the table."""

import logging
import os
from datetime import timedelta
from pathlib import Path

import dj_database_url
from kombu.entity import Exchange, Queue

from accounts.languages import ENGLISH, SETTING
from accounts.languages import LANGUAGES as known_languages
from governance.configuration import (
    blob_storage,
    environment_choice,
    environment_list,
    environment_number,
    environment_numbers,
    environment_switch,
    github_app,
    http_address,
    identity_providers,
    log_collector,
    report_look,
    secret,
    secret_key,
)
from governance.operation.logs import logging_of
from registry.addresses import origins

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("COUNTERSIGN_VAR", BASE_DIR / "var")).resolve()
VAR_DIR.mkdir(parents=True, exist_ok=True)

VERSION = "0.1.0"
DEBUG = environment_switch("COUNTERSIGN_DEBUG", default=False)
SECRET_KEY = secret_key(VAR_DIR)
PORT = int(os.environ.get("PORT", "8000"))
COUNTERSIGN_URL = os.environ.get("COUNTERSIGN_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
COUNTERSIGN_ORGANISATION = os.environ.get("COUNTERSIGN_ORGANISATION", "Your organisation")
ALLOWED_HOSTS = environment_list("COUNTERSIGN_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = [COUNTERSIGN_URL]
SECURE_TRANSPORT = COUNTERSIGN_URL.startswith("https://")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "django_prometheus",
    "csp",
    "audit",
    "accounts",
    "accounts.granting",
    "accounts.scim",
    "registry",
    "evaluations",
    "riskreview",
    "governance.portfolio",
    "governance.pipelines",
    "governance.gate",
    "governance.protection",
    "governance.reports",
    "governance.tracking",
    "governance.siem",
    "governance.compliance",
    "governance.register",
    "governance.webhooks",
    "governance.entitlements",
    "governance.handover",
    "governance",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "governance.middleware.RequestId",
    "governance.operation.spans.Traced",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLimits",
    "accounts.middleware.Language",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "governance.middleware.SpokenRefusals",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "governance.urls"
WSGI_APPLICATION = "governance.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "governance.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "governance.templatetags.ui",
                "governance.templatetags.portfolio",
                "django.contrib.humanize.templatetags.humanize",
            ],
        },
    }
]

# Databases. SQLite takes its write lock at BEGIN, so that a transaction never fails half-way on a lock it could not
# upgrade; recursive_triggers makes INSERT OR REPLACE meet the triggers that guard history.
EMBEDDED_DATABASE = f"sqlite:///{VAR_DIR / 'countersign.sqlite3'}"
DATABASES = {
    "default": dj_database_url.parse(os.environ.get("DATABASE_URL") or EMBEDDED_DATABASE, conn_max_age=60)
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA recursive_triggers=ON; PRAGMA busy_timeout=20000;"
        ),
    }
    # A file, because threads that share a database in memory lock each other out without waiting.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that is gone without a word is noticed in seconds; what the address says itself goes first.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    } | DATABASES["default"].get("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Sessions stand in the database with their person. They end after so long, and sooner where nothing is done in them.
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 3600 * environment_number("COUNTERSIGN_SESSION_HOURS", default=12)
SESSION_IDLE_SECONDS = 60 * environment_number("COUNTERSIGN_SESSION_IDLE_MINUTES", default=120)
# Roles that must have a second factor beside the password; "everybody" names all people.
SECOND_FACTOR_ROLES = frozenset(environment_list("COUNTERSIGN_SECOND_FACTOR_ROLES", default=[]))
# Identity providers, and whether anybody but administrators may still log in by password.
SSO_PROVIDERS = identity_providers()
PASSWORDS_FOR_ALL = (
    environment_choice("COUNTERSIGN_PASSWORD_LOGIN", ("everybody", "administrators")) == "everybody"
)
# Whoever gives roles does not sign. An organisation too small for that says so here, and its access review shows it.
ADMINISTRATORS_MAY_SIGN = environment_switch("COUNTERSIGN_ADMINISTRATORS_MAY_SIGN", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_TRANSPORT
SECURE_SSL_REDIRECT = SECURE_TRANSPORT and not environment_switch("COUNTERSIGN_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https")
    if environment_switch("COUNTERSIGN_BEHIND_PROXY", default=False)
    else None
)
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SECURE_TRANSPORT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_TRANSPORT
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# Language, time, files
LANGUAGE_CODE = ENGLISH
LANGUAGES = known_languages
LOCALE_PATHS = [BASE_DIR / "locale"]
# For people who have not chosen theirs. The record, the API and files are English.
COUNTERSIGN_LANGUAGE = SETTING[environment_choice("COUNTERSIGN_LANGUAGE", tuple(SETTING))]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
# Once files are collected, with their compressed twins, those are served; finders would offer the plain ones instead.
WHITENOISE_USE_FINDERS = not (STATIC_ROOT / "css").is_dir()
MEDIA_ROOT = VAR_DIR / "files"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "blobs": blob_storage(),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = ["registry.receiving.Receiver"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
UPLOAD_MAX_BYTES = int(os.environ.get("COUNTERSIGN_UPLOAD_MAX_MB", "2048")) * 1024 * 1024
CACHE_MAX_BYTES = int(os.environ.get("COUNTERSIGN_CACHE_MB", "10240")) * 1024 * 1024

# Workers. The job rows are the truth and Celery only wakes a worker up, so results are ignored and a lost message
# costs no more than a sweep.
REDIS_URL = os.environ.get("REDIS_URL", "")
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "countersign"
# Evaluations wait by how long they take (evaluations/queues.py). A worker that is told no queues serves all.
CELERY_TASK_QUEUES = [
    Queue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call]
    for name in (CELERY_TASK_DEFAULT_QUEUE, "light", "heavy")
]
WORKERS = int(os.environ.get("COUNTERSIGN_WORKERS", "2"))
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    # A Redis that hangs costs a wake-up, which the sweep makes up for; it must not hold up who asked for the work.
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        "socket_timeout": 5,
        "socket_connect_timeout": 3,
        "socket_keepalive": True,
    }
    CACHES = {"default": {"BACKEND": "governance.operation.cache.SteadyRedisCache", "LOCATION": REDIS_URL}}
else:
    BROKER_DIR = VAR_DIR / "broker"
    CELERY_BROKER_URL = "filesystem://localhost"  # a host that nobody asks, or kombu warns that there is none
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "control_folder": str(BROKER_DIR / "control"),
        "polling_interval": 0.2,
    }
    for folder in ("queue", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
# Notices go out by SMTP where a server is named, else into files in var/mail.
DEFAULT_FROM_EMAIL = os.environ.get("COUNTERSIGN_MAIL_FROM", "countersign@localhost")
EMAIL_HOST = os.environ.get("COUNTERSIGN_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("COUNTERSIGN_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("COUNTERSIGN_SMTP_USER", "")
EMAIL_HOST_PASSWORD = secret("COUNTERSIGN_SMTP_PASSWORD")
_smtp_tls = environment_choice("COUNTERSIGN_SMTP_TLS", ("starttls", "tls", "none"))
EMAIL_USE_TLS, EMAIL_USE_SSL = _smtp_tls == "starttls", _smtp_tls == "tls"
EMAIL_TIMEOUT = 15
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
# "off" runs any model without a wall; every result then says so.
SANDBOX = environment_choice("COUNTERSIGN_SANDBOX", ("auto", "bubblewrap", "landlock", "off"))
# "off" never builds what versions ask for: models run with the packages that are here, and their results say so.
ENVIRONMENTS = environment_choice("COUNTERSIGN_ENVIRONMENTS", ("auto", "off"))
ENVIRONMENT_MB = int(os.environ.get("COUNTERSIGN_ENVIRONMENT_MB", "6144"))
ENVIRONMENT_SECONDS = int(os.environ.get("COUNTERSIGN_ENVIRONMENT_SECONDS", "1800"))
ENVIRONMENT_DAYS = int(os.environ.get("COUNTERSIGN_ENVIRONMENT_DAYS", "30"))
# Evaluations that others wrote, installed with pip's --target; those in the environment itself are found as well.
PLUGINS_DIR = os.environ.get("COUNTERSIGN_PLUGINS") or None
SANDBOX_MEMORY_MB = int(os.environ.get("COUNTERSIGN_SANDBOX_MEMORY_MB", "4096"))
SANDBOX_SECONDS = int(os.environ.get("COUNTERSIGN_SANDBOX_SECONDS", "600"))
STREAM_ROWS = int(os.environ.get("COUNTERSIGN_STREAM_ROWS", "5000000"))
DASK_SCHEDULER_ADDRESS = os.environ.get("DASK_SCHEDULER_ADDRESS", "")
SCORING_SECONDS = int(os.environ.get("COUNTERSIGN_SCORING_SECONDS", "3600"))
SCORING_ALLOW = origins(environment_list("COUNTERSIGN_SCORING_ALLOW", default=[]))
SCORING_CA = os.environ.get("COUNTERSIGN_SCORING_CA", "")
SANDBOX_MEMORY_MB_BY_KIND = environment_numbers("COUNTERSIGN_SANDBOX_MEMORY_MB_")
SANDBOX_SECONDS_BY_KIND = environment_numbers("COUNTERSIGN_SANDBOX_SECONDS_")
TABLE_MEMORY_MB = int(os.environ.get("COUNTERSIGN_TABLE_MEMORY_MB", "2048"))
TABLE_SECONDS = int(os.environ.get("COUNTERSIGN_TABLE_SECONDS", "90"))
REPORT_SECONDS = int(os.environ.get("COUNTERSIGN_REPORT_SECONDS", "300"))
# Paper, accent colour and logo of PDFs.
REPORT_LOOK = report_look()

# MLflow
MLFLOW_TRACKING_URI = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{VAR_DIR / 'mlflow' / 'mlflow.db'}"
MLFLOW_SECONDS = int(os.environ.get("COUNTERSIGN_MLFLOW_SECONDS", "60"))
MLFLOW_ARTIFACT_ROOTS = environment_list("COUNTERSIGN_MLFLOW_ARTIFACT_ROOTS", default=[])

# Whose signatures on models are trusted: a folder of PEM files; without one, nobody's.
TRUSTED_MODEL_KEYS = os.environ.get("COUNTERSIGN_TRUSTED_MODEL_KEYS", "")

# For tests: compare what the gate remembers of a version with a fresh look, at every decision.
RECHECK_EVIDENCE = False

# The record
COUNTERSIGN_ORIGIN = os.environ.get("COUNTERSIGN_ORIGIN") or COUNTERSIGN_URL.split("://", 1)[-1] + "/log"
COUNTERSIGN_GENERATE_KEYS = environment_switch("COUNTERSIGN_GENERATE_KEYS", default=not SECURE_TRANSPORT)
# Anchors of the record outside; both are optional.
TSA_URL = http_address("COUNTERSIGN_TSA_URL")
TSA_ROOTS = os.environ.get("COUNTERSIGN_TSA_ROOTS", "")
TSA_MINUTES = int(os.environ.get("COUNTERSIGN_TSA_MINUTES", "60"))
WITNESS = os.environ.get("COUNTERSIGN_WITNESS", "").strip()

# Where the record is forwarded to, entry by entry.
SIEM = log_collector()
# Identity tokens of pipelines: whom they must be meant for, and CI servers that may be private or http.
CI_AUDIENCE = os.environ.get("COUNTERSIGN_CI_AUDIENCE") or COUNTERSIGN_URL
CI_ALLOW = origins(environment_list("COUNTERSIGN_CI_ALLOW", default=[]))
CI_CA = os.environ.get("COUNTERSIGN_CI_CA", "")
# The GitHub App whose deployment protection rule the gate answers; None where there is none.
GITHUB_APP = github_app()

# Webhooks: receivers that may be private or http.
WEBHOOKS_ALLOW = origins(environment_list("COUNTERSIGN_WEBHOOKS_ALLOW", default=[]))
WEBHOOKS_CA = os.environ.get("COUNTERSIGN_WEBHOOKS_CA", "")

# The public register, once a model is published: how often one address may ask.
REGISTER_PER_MINUTE = int(os.environ.get("COUNTERSIGN_REGISTER_PER_MINUTE", "240"))

# API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.authentication.HasScope"],
    "DEFAULT_PARSER_CLASSES": ["accounts.parsing.ShallowJSON"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.authentication.KeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "key": os.environ.get("COUNTERSIGN_API_RATE", "1200/min"),
        "mlflow_hook": "120/min",
        "scim": "1500/min",
        "github_hook": "300/min",
    },
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.problems.answer",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Countersign",
    "DESCRIPTION": "Which machine-learning models may run, and the proof of it later.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "governance.schema.with_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "ModelKind": "registry.models.ModelKind",
        "EvaluationKind": "evaluations.models.EvaluationKind",
        "JobStatus": "evaluations.models.JobStatus",
        "ReportKind": "governance.reports.models.ReportKind",
        "VersionSource": "registry.models.VersionSource",
        "PredictionSource": "evaluations.models.PredictionSource",
        "ChosenSource": "evaluations.sources.CHOSEN",
        "DeploymentStatus": "registry.models.DeploymentStatus",
        "DeploymentReported": "registry.shapes.deployments.REPORTED",
        "ModelOrigin": "registry.models.Origin",
        "FindingOrigin": "riskreview.models.FindingOrigin",
        "FindingOriginGiven": "riskreview.findings.forms.ORIGINS",
        "Tier": "riskreview.models.TIERS",
        "TierState": "riskreview.tiering.queries.CHOICES",
        "WaiverState": "riskreview.models.WaiverState",
        "BreakGlassState": "riskreview.models.BreakGlassState",
        "FindingState": "riskreview.models.FindingState",
        "RiskState": "riskreview.api.risks.STATES",
        "ControlState": "governance.compliance.api.STATE_CHOICES",
    },
}

# Spans for OpenTelemetry go here (OTLP over HTTP); without an address nothing of it is imported.
OTLP_ENDPOINT = http_address("COUNTERSIGN_OTLP_ENDPOINT") or http_address("OTEL_EXPORTER_OTLP_ENDPOINT")

# Ids of requests are taken from a proxy of ours only: they stand in the record.
TRUST_REQUEST_IDS = environment_switch("COUNTERSIGN_BEHIND_PROXY", default=False)
LOG_FORMAT = environment_choice("COUNTERSIGN_LOG_FORMAT", ("text", "json"))
LOGGING = logging_of(LOG_FORMAT, os.environ.get("COUNTERSIGN_LOG_LEVEL", "INFO"))
if LOG_FORMAT == "json":
    logging.captureWarnings(True)  # or Python's warnings would stand between the objects
