"""Every address there is; a test holds each against every role."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter

from review_ui.views import (
    account,
    audit,
    case,
    crawls,
    entries,
    export,
    health,
    imports,
    overrides,
    picture,
    providers,
    queue,
    start,
    unread,
)


class RowNumber(IntConverter):
    """A number that SQLite can hold."""

    regex = "[0-9]{1,18}"


register_converter(RowNumber, "number")

urlpatterns = [
    path("", start.start, name="start"),
    path("login/", start.SignIn.as_view(), name="login"),
    path("logout/", start.SignOut.as_view(), name="logout"),
    path("language/", start.language, name="language"),
    path("queue/", queue.queue, name="queue"),
    path("referrals/", queue.referrals, name="referrals"),
    path("case/<str:ref>/", case.case, name="case"),
    path("picture/<number:number>/", picture.picture, name="picture"),
    path("unread/", unread.unread_pages, name="unread"),
    path("unread/<number:number>/", unread.unread_page, name="unread_page"),
    path("export/", export.export, name="export"),
    path("entries/", entries.entries, name="entries"),
    path("entries/<str:entry_id>/", entries.entry, name="entry"),
    path("imports/", imports.imports, name="imports"),
    path("imports/<number:number>/", imports.import_page, name="import"),
    path("overrides/", overrides.overrides, name="overrides"),
    path("overrides/<str:override_id>/", overrides.override, name="override"),
    path("providers/", providers.providers, name="providers"),
    path("providers/<str:name>/", providers.provider, name="provider"),
    path("audit/", audit.audit, name="audit"),
    path("crawls/", crawls.crawls, name="crawls"),
    path("crawls/<number:number>/", crawls.crawl, name="crawl"),
    path("account/", account.account, name="account"),
    path("healthz", health.health, name="health"),
]

handler400 = "review_ui.views.errors.bad_request"
handler403 = "review_ui.views.errors.forbidden"
handler404 = "review_ui.views.errors.not_found"
handler500 = "review_ui.views.errors.broken"
