"""Every address of the console and where it leads."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path, re_path

from dashboard import database
from dashboard.sockets import PageSocket
from dashboard.views import (
    brokers,
    configuration,
    demo,
    find,
    groups,
    messages,
    overview,
    sign_in,
    tail,
    theme,
    topic,
    topics,
)
from dashboard.views.refusals import bad_request, forbidden, not_found
from streams.tail.sockets import TailSocket

urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.index, name="overview"),
    path("brokers/", brokers.index, name="brokers"),
    path("brokers/<int:broker_id>/", brokers.detail, name="broker"),
    re_path(r"^brokers/(?P<broker_id>\d+)/(?P<verb>stop|start|restart|kill)/$", brokers.order, name="broker-order"),
    path("topics/", topics.index, name="topics"),
    path("create-topic/", topics.create, name="topic-create"),
    path("topics/<str:name>/", topic.detail, name="topic"),
    path("topics/<str:name>/groups/", topic.groups, name="topic-groups"),
    path("topics/<str:name>/partitions/", topic.add_partitions, name="topic-partitions"),
    path("topics/<str:name>/configuration/", configuration.edit, name="topic-configuration"),
    path("topics/<str:name>/delete/", topic.delete, name="topic-delete"),
    path("topics/<str:name>/messages/", messages.index, name="messages"),
    path("topics/<str:name>/messages/<int:partition>/<int:offset>/", messages.detail, name="message"),
    path("topics/<str:name>/messages/<int:partition>/<int:offset>/value", messages.value, name="message-value"),
    path("topics/<str:name>/produce/", messages.write, name="produce"),
    path("topics/<str:name>/tail/", tail.tail, name="topic-tail"),
    path("groups/", groups.index, name="groups"),
    path("groups/<path:group_id>/", groups.detail, name="group"),
    path("tail/", tail.choose, name="tail"),
    path("find/", find.index, name="find"),
    path("demo/", demo.start, name="demo"),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-in/<str:secret>/", sign_in.by_link, name="sign-in-link"),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("theme/", theme.choose, name="theme"),
    path("admin/", admin.site.urls),
]

handler400 = bad_request.bad_request
handler403 = forbidden.forbidden
handler404 = not_found.not_found
handler500 = database.server_error

LIVE_PAGES = {
    "overview": overview.PAGE,
    "brokers": brokers.LIST,
    "broker": brokers.ONE,
    "topics": topics.LIST,
    "topic": topic.ONE,
    "topic-groups": topic.GROUPS,
    "topic-configuration": configuration.PAGE,
    "groups": groups.LIST,
    "group": groups.ONE,
}

# What the live views connect to (dashboard/asgi.py).
websocket_urlpatterns: list[URLPattern] = [
    path("live/tail/<str:topic>/", TailSocket.as_asgi()),
    re_path(r"^live/", PageSocket.as_asgi(pages=LIVE_PAGES)),
]
