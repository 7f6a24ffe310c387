"""The cluster as a Django app: the rows that brokers, supervisor and console share."""

from django.apps import AppConfig


class ClusterConfig(AppConfig):
    name = "cluster"
    default_auto_field = "django.db.models.BigAutoField"
