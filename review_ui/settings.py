"""Django's settings, made from a `ServeConfig`; there is no settings module and nothing reads the environment."""

from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings
from django.db import connections

from review_ui.config import LANGUAGES, ServeConfig
from review_ui.secret import signing_key

_HERE: Final = Path(__file__).parent
_LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_CONTENT_POLICY: Final = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "script-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
_MIDDLEWARE: Final = (
    "review_ui.middleware.HeadOnly",
    "review_ui.middleware.PrivateResponses",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "review_ui.middleware.SessionLimit",
    "review_ui.middleware.PersonalLanguage",
    # refuses a foreign host name, in the language of the person
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "review_ui.middleware.StoreTrouble",
)


def settings_for(config: ServeConfig) -> dict[str, Any]:
    """Every Django setting the pages run with."""
    return {
        "DEBUG": False,
        "SECRET_KEY": signing_key(config.key_path),
        "ALLOWED_HOSTS": [*_LOOPBACK, config.host, *config.host_names],
        "ROOT_URLCONF": "review_ui.urls",
        "INSTALLED_APPS": [
            "review_ui",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
            "django.contrib.staticfiles",
        ],
        "MIDDLEWARE": list(_MIDDLEWARE),
        "TEMPLATES": [_templates()],
        "DATABASES": {"default": _database(config)},
        "QALQAN": config,
        "LOGGING": _logging(),
        **_people(),
        **_cookies(config),
        **_protection(config),
        **_languages(config),
        **_static(),
    }


def configure(config: ServeConfig) -> None:
    """Django runs with the settings of `config`; a process that ran with others moves to these."""
    wanted = settings_for(config)
    if not settings.configured:
        settings.configure(**wanted)
        django.setup()
        return
    if config == settings.QALQAN:
        return
    for name, value in wanted.items():
        setattr(settings, name, value)
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = wanted["DATABASES"]["default"]["NAME"]


def _templates() -> dict[str, Any]:
    return {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "review_ui.context.person",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.l10n",
                "django.templatetags.static",
                "review_ui.templatetags.wording",
            ],
        },
    }


def _database(config: ServeConfig) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": config.accounts_path,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def _people() -> dict[str, Any]:
    checks = "django.contrib.auth.password_validation"
    return {
        "AUTH_USER_MODEL": "review_ui.Account",
        # scrypt is memory-hard and in the standard library (ASVS 5.0, 11.4.2)
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": f"{checks}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
            {
                "NAME": f"{checks}.UserAttributeSimilarityValidator",
                "OPTIONS": {"user_attributes": ("username", "full_name")},
            },
            {"NAME": f"{checks}.CommonPasswordValidator"},
            {"NAME": f"{checks}.NumericPasswordValidator"},
        ],
        "LOGIN_URL": "login",
        "LOGIN_REDIRECT_URL": "start",
        "LOGOUT_REDIRECT_URL": "login",
    }


def _cookies(config: ServeConfig) -> dict[str, Any]:
    prefix = "__Host-" if config.behind_tls else ""
    wanted: dict[str, Any] = {
        "SESSION_COOKIE_NAME": f"{prefix}qalqan_session",
        "CSRF_COOKIE_NAME": f"{prefix}qalqan_csrf",
        "LANGUAGE_COOKIE_NAME": f"{prefix}qalqan_language",
        # an idle session ends: its age starts anew with every request
        "SESSION_COOKIE_AGE": config.idle_minutes * 60,
        "SESSION_SAVE_EVERY_REQUEST": True,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_AGE": None,
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
    }
    for cookie in ("SESSION", "CSRF", "LANGUAGE"):
        wanted[f"{cookie}_COOKIE_SECURE"] = config.behind_tls
        wanted[f"{cookie}_COOKIE_HTTPONLY"] = True
        wanted[f"{cookie}_COOKIE_SAMESITE"] = "Strict"
    return wanted


def _protection(config: ServeConfig) -> dict[str, Any]:
    return {
        "X_FRAME_OPTIONS": "DENY",
        # nothing leaves the site either way, but under no-referrer browsers send `Origin: null` with
        # our own forms and the CSRF check refuses every one of them
        "SECURE_REFERRER_POLICY": "same-origin",
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "SECURE_HSTS_SECONDS": 31_536_000 if config.behind_tls else 0,
        "CONTENT_SECURITY_POLICY": {"DIRECTIVES": dict(_CONTENT_POLICY)},
        "CSRF_FAILURE_VIEW": "review_ui.views.errors.csrf_failed",
        # the largest form is one reason
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 64 * 1024,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 50,
        "DATA_UPLOAD_MAX_NUMBER_FILES": 0,
    }


def _languages(config: ServeConfig) -> dict[str, Any]:
    return {
        "USE_I18N": True,
        "USE_TZ": True,
        "TIME_ZONE": config.time_zone,
        "LANGUAGE_CODE": "ru",
        "LANGUAGES": list(LANGUAGES),
        "LOCALE_PATHS": [_HERE / "locale"],
        "FORMAT_MODULE_PATH": ["review_ui.formats"],
    }


def _static() -> dict[str, Any]:
    return {
        "STATIC_URL": "/static/",
        "STATICFILES_FINDERS": ["django.contrib.staticfiles.finders.AppDirectoriesFinder"],
        "WHITENOISE_USE_FINDERS": True,
        "WHITENOISE_AUTOREFRESH": False,
        "WHITENOISE_ALLOW_ALL_ORIGINS": False,
        "WHITENOISE_MAX_AGE": 300,
    }


def _logging() -> dict[str, Any]:
    # what any client can provoke (a foreign host name, too many fields, a slow connection) says nothing:
    # the answer tells the client, and the console stays free for faults of ours
    own_faults = {"handlers": ["stderr"], "level": "ERROR", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {
            "stderr": {"class": "logging.StreamHandler"},
            "nowhere": {"class": "logging.NullHandler"},
        },
        "loggers": {
            "django": own_faults,
            "django.security": {"handlers": ["nowhere"], "propagate": False},
            "waitress": own_faults,
        },
    }
