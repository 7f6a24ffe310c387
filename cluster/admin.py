"""The cluster's rows in Django's admin: to be looked at; what may be wished for is wished for in the console."""

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from cluster.models import BrokerNode, ClusterIdentity, ControllerLease, Installation, MetadataRecord, RateSample


class LookedAt(ModelAdmin):  # type: ignore[misc]
    """Rows that brokers and supervisor write: a person who changed one would break what they rely on."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(ClusterIdentity)
class ClusterIdentityAdmin(LookedAt):
    list_display = ("cluster_id", "created_at")


@admin.register(ControllerLease)
class ControllerLeaseAdmin(LookedAt):
    list_display = ("controller_id", "epoch", "last_offset", "renewed_at")


@admin.register(MetadataRecord)
class MetadataRecordAdmin(LookedAt):
    list_display = ("offset", "kind", "payload", "controller_epoch", "created_at")
    list_filter = ("kind",)
    ordering = ("-offset",)
    show_full_result_count = False


@admin.register(BrokerNode)
class BrokerNodeAdmin(LookedAt):
    list_display = ("broker_id", "desired", "state", "pid", "restarts", "started_at", "last_exit", "last_exit_detail")


@admin.register(RateSample)
class RateSampleAdmin(LookedAt):
    list_display = ("at", "broker_id", "bytes_in", "bytes_out", "records_in", "requests")
    list_filter = ("broker_id",)
    ordering = ("-at",)
    show_full_result_count = False


@admin.register(Installation)
class InstallationAdmin(ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "demo")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
