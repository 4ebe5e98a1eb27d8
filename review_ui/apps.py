"""Tells Django the one app there is."""

from django.apps import AppConfig


class ReviewUiConfig(AppConfig):
    """The accounts and the pages."""

    name = "review_ui"
    default_auto_field = "django.db.models.BigAutoField"
