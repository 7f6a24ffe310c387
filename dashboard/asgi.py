"""The ASGI application: Django's pages over HTTP, the console's live views over websockets."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
pages = get_asgi_application()

# Models may be imported only after the line above has set Django up.
from django.conf import settings  # noqa: E402

from dashboard.urls import websocket_urlpatterns  # noqa: E402
from streams.demo.request_log import RequestLog  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": RequestLog(pages, settings.BOOTSTRAP_SERVERS),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
