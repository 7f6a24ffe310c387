"""Django's settings: everything that a deployment decides comes from the environment, everything else is fixed here."""

import os
from pathlib import Path
from typing import Any

import dj_database_url

from dashboard.secret_key import secret_key_in

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("ODRADEK_DATA_DIR") or BASE_DIR / ".odradek").resolve()


def words(name: str, default: str = "") -> list[str]:
    """The comma-separated list that an environment variable holds."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


SECRET_KEY = os.environ.get("SECRET_KEY") or secret_key_in(DATA_DIR)
DEBUG = os.environ.get("ODRADEK_DEBUG", "") == "1"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *words("ODRADEK_HOST"), *words("ODRADEK_ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = words("ODRADEK_TRUSTED_ORIGINS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if os.environ.get("ODRADEK_BEHIND_TLS") == "1" else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_PROXY_SSL_HEADER is not None
# Ports do not separate cookies: another Django on this host would overwrite the default names.
SESSION_COOKIE_NAME = "odradek_session"
CSRF_COOKIE_NAME = "odradek_csrf"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "dashboard.views.refusals.forbidden.csrf_failure"

INSTALLED_APPS = [
    "cluster",
    "streams",
    "dashboard",
    "channels",
    "django_htmx",
    "template_partials",
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "dashboard.database.guard",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "dashboard.views.refusals.not_allowed.explain",
]

ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.views.theme.chosen_theme",
            ],
        },
    },
]

# The metadata log lives here. FULL: a commit that power loss takes back would let a leader epoch be given out twice.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 10,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}
# A server whose machine is gone says nothing: without these, whoever waits for it waits for a quarter of an hour.
POSTGRESQL_OPTIONS = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
if DATABASE_URL := os.environ.get("DATABASE_URL", ""):
    DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL)}
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "odradek.sqlite3"}}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"].setdefault("OPTIONS", {}).update(SQLITE_OPTIONS)
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["OPTIONS"] = POSTGRESQL_OPTIONS | DATABASES["default"].get("OPTIONS", {})
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# No socket speaks to another one: with a channel layer each would wait for Redis, and end with it.
CHANNEL_LAYERS: dict[str, Any] = {}

# The cluster that the console shows; `up` sets it to the brokers that it starts.
BOOTSTRAP_SERVERS = words("ODRADEK_BOOTSTRAP_SERVERS", "127.0.0.1:9092,127.0.0.1:9093,127.0.0.1:9094")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign-in"

UNFOLD = {
    "SITE_TITLE": "Odradek",
    "SITE_HEADER": "Odradek",
    "SITE_ICON": "/static/spool.svg",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "/static/spool.svg"}],
    "SITE_URL": "/",
    "SHOW_VIEW_ON_SITE": False,
    "COLORS": {
        "primary": {
            "50": "#eef0ff",
            "100": "#e7e7fa",
            "200": "#cfd2fb",
            "300": "#b9bbee",
            "400": "#9aa2ff",
            "500": "#7078ea",
            "600": "#3b3fb6",
            "700": "#32359a",
            "800": "#292c7e",
            "900": "#222561",
            "950": "#161841",
        },
    },
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served straight from the source folders, so that a fresh clone needs no collectstatic.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)-7s %(name)s: %(message)s"}},
    "filters": {"database": {"()": "dashboard.log_lines.WithoutTraceback"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["database"]}},
    # A line for each sample of each broker, every two seconds, would bury all others.
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy")},
        # What Kafka's client complains of is shown to whoever looks at a page, in words.
        "aiokafka": {"level": "CRITICAL"},
    },
    "root": {"handlers": ["stderr"], "level": os.environ.get("ODRADEK_LOG_LEVEL", "INFO")},
}
