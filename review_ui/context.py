"""What every page knows: who is signed in and where that person may go."""

from django.conf import settings
from django.http import HttpRequest

from review_ui.models import Account
from review_ui.roles import GRANTS, Role


def person(request: HttpRequest) -> dict[str, object]:
    """The signed-in person and the person's capabilities by name; nothing for anybody else."""
    user = getattr(request, "user", None)
    if not isinstance(user, Account):
        return {"time_zone": settings.TIME_ZONE}
    grants = {capability.value: True for capability in GRANTS[Role(user.role)]}
    return {"time_zone": settings.TIME_ZONE, "account": user, "can": grants}
