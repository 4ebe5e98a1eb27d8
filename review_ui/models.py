"""The rows of the accounts file: people who sign in, and sign-ins that failed. The domain is elsewhere."""

import secrets
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from review_ui.config import LANGUAGES
from review_ui.deciding import Officer
from review_ui.roles import Role


def new_public_id() -> str:
    """An id that says nothing about the person or how many there are."""
    return secrets.token_hex(16)


class AccountManager(BaseUserManager["Account"]):
    """Finds accounts by user name without regard to case."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        """The account whose user name is `username` in any case."""
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """A person who signs in. Decisions remember `public_id`, which never changes."""

    username: "models.CharField[str, str]" = models.CharField(
        _("user name"), max_length=64, unique=True, validators=[UnicodeUsernameValidator()]
    )
    full_name: "models.CharField[str, str]" = models.CharField(_("full name"), max_length=120)
    public_id: "models.CharField[str, str]" = models.CharField(
        max_length=32, unique=True, default=new_public_id, editable=False
    )
    role: "models.CharField[str, str]" = models.CharField(
        max_length=16, choices=[(role.value, role.value) for role in Role]
    )
    language: "models.CharField[str, str]" = models.CharField(
        max_length=2, choices=LANGUAGES, default="ru"
    )
    shortcuts: "models.BooleanField[bool, bool]" = models.BooleanField(default=True)
    is_active: "models.BooleanField[bool, bool]" = models.BooleanField(default=True)
    created_at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(
        default=timezone.now
    )

    objects = AccountManager()

    USERNAME_FIELD = "username"

    @property
    def officer(self) -> Officer:
        """This person as decisions know them."""
        return Officer(self.public_id, self.full_name, Role(self.role))


class FailedSignIn(models.Model):
    """One failed try to sign in under a name, kept for the lockout."""

    name: "models.CharField[str, str]" = models.CharField(max_length=64)
    at: "models.DateTimeField[datetime, datetime]" = models.DateTimeField(default=timezone.now)

    class Meta:
        """Found by name and time."""

        indexes = (models.Index(fields=["name", "at"], name="failed_sign_in_name_at"),)
