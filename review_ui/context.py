"""What every page knows: who is signed in and where that person may go."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest

from review_ui.models import Account
from review_ui.roles import GRANTS, Role

# the pages that stand behind one word of the menu
ABOUT_LIST: Final = frozenset(
    {
        "export",
        "entries",
        "entry",
        "imports",
        "import",
        "overrides",
        "override",
        "providers",
        "provider",
    }
)


def person(request: HttpRequest) -> dict[str, object]:
    """The signed-in person and the person's capabilities by name; nothing for anybody else."""
    user = getattr(request, "user", None)
    if not isinstance(user, Account):
        return {"time_zone": settings.TIME_ZONE}
    grants = {capability.value: True for capability in GRANTS[Role(user.role)]}
    here = (request.resolver_match.url_name if request.resolver_match else None) or ""
    return {
        "time_zone": settings.TIME_ZONE,
        "account": user,
        "can": grants,
        "here": here,
        "about_list": here in ABOUT_LIST,
    }
