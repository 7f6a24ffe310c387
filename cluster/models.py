"""The rows that brokers, supervisor and console share."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils import timezone


class ClusterIdentity(models.Model):
    """The one row that says which cluster this database belongs to."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    cluster_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "cluster identity"

    def __str__(self) -> str:
        return self.cluster_id


class MetadataRecord(models.Model):
    """One change of the metadata log, which all brokers replay in order. Written by the controller only."""

    offset = models.BigIntegerField(primary_key=True)
    controller_epoch = models.IntegerField()
    kind = models.CharField(max_length=40)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("offset",)

    def __str__(self) -> str:
        return f"{self.offset} {self.kind}"


class MetadataSnapshot(models.Model):
    """The state that the metadata log makes up to an offset, so that a broker need not replay it all."""

    offset = models.BigIntegerField(primary_key=True)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("-offset",)

    def __str__(self) -> str:
        return f"state at {self.offset}"


class ControllerLease(models.Model):
    """The one row that says who may write the metadata log. Each claim adds one to the epoch."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    controller_id = models.IntegerField()
    epoch = models.IntegerField()
    last_offset = models.BigIntegerField(default=-1)
    renewed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"broker {self.controller_id}, epoch {self.epoch}"


class BrokerNode(models.Model):
    """A broker that `up` runs here: what is wanted of it, and what has become of it.

    Console, command line and crash all go one way: they change this row, and the supervisor follows it.
    """

    class Desired(models.TextChoices):
        RUNNING = "running"
        STOPPED = "stopped"

    broker_id = models.IntegerField(unique=True)
    desired = models.CharField(max_length=10, choices=Desired.choices, default=Desired.RUNNING)
    restart_requests = models.PositiveIntegerField(default=0)
    kill_requests = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=20, default="stopped")
    pid = models.IntegerField(null=True, blank=True)
    restarts = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    last_exit = models.CharField(max_length=20, blank=True, default="")
    last_exit_detail = models.CharField(max_length=500, blank=True, default="")
    last_exit_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("broker_id",)

    def __str__(self) -> str:
        return f"broker {self.broker_id}"


class Installation(models.Model):
    """The one row of what a person switches on for the whole installation; the supervisor follows it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    demo = models.BooleanField(default=False, help_text="Feed the cluster with this machine's own live data.")

    class Meta:
        verbose_name_plural = "installation"

    def __str__(self) -> str:
        return "installation"


class RateSampleQuerySet(models.QuerySet["RateSample"]):
    def prune(self, keep: timedelta) -> int:
        """Delete what is older than `keep`. Answers how many rows."""
        return self.filter(at__lt=timezone.now() - keep).delete()[0]


class RateSample(models.Model):
    """A broker's counters at one moment; two neighbours make a rate. Counters begin at 0 with each start."""

    broker_id = models.IntegerField()
    at = models.DateTimeField(default=timezone.now)
    bytes_in = models.BigIntegerField()
    bytes_out = models.BigIntegerField()
    records_in = models.BigIntegerField()
    requests = models.BigIntegerField()

    objects = RateSampleQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=("at", "broker_id")),)
        ordering = ("at",)

    def __str__(self) -> str:
        return f"broker {self.broker_id} at {self.at:%H:%M:%S}"
