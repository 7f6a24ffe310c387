"""Django set up in two steps: nothing but the brokers' rows stands between a start and its first record.

The console's apps take longer to import than all of a broker, so they come when the brokers are on their way.
"""


def set_up_brokers() -> None:
    """What `django.setup()` does, for the one app that brokers need."""
    from django.apps import apps
    from django.conf import settings
    from django.utils.log import configure_logging

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    apps.populate(["cluster"])


def set_up_all() -> None:
    """The rest of INSTALLED_APPS, in a process that has set up the brokers' part."""
    from django.apps import apps
    from django.conf import settings

    apps.set_installed_apps(settings.INSTALLED_APPS)
