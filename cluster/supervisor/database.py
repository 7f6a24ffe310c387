"""What the supervisor asks of the database; each function blocks, and all run on the one thread of `Rows`."""

import io
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from cluster.supervisor.apps import set_up_all, set_up_brokers
from cluster.supervisor.options import Options
from cluster.supervisor.refusal import Refusal
from cluster.supervisor.wishes import Desired

Result = TypeVar("Result")


def open_database() -> str | None:
    """Set Django up and connect. Returns the id of the cluster that the database knows, if any."""
    set_up_brokers()
    from django.db import DatabaseError, OperationalError, connection

    from cluster.models import ClusterIdentity

    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise Refusal(
            f"The database {name()} does not answer ({str(error).splitlines()[0]}). Start it, or correct DATABASE_URL."
        ) from None
    try:
        return ClusterIdentity.objects.values_list("cluster_id", flat=True).first()
    except DatabaseError:
        return None


def name() -> str:
    """The database in the words of a message: without its password."""
    from django.conf import settings

    found = settings.DATABASES["default"]
    return f"{found['NAME']} on {found['HOST']}" if found.get("HOST") else str(found["NAME"])


def migrate_cluster() -> None:
    """Apply only the migrations of the brokers' own rows; nothing else stands between a start and its first record."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    targets = executor.loader.graph.leaf_nodes("cluster")
    if executor.migration_plan(targets):
        executor.migrate(targets)


def migrate_all() -> None:
    """Apply all migrations."""
    from django.core.management import call_command

    set_up_all()
    call_command("migrate", verbosity=0, interactive=False)


def want_all(options: Options) -> None:
    """What the command line says holds: its brokers, none of a larger former start, and the demo or not."""
    from cluster.models import BrokerNode, Installation

    for broker_id in options.broker_ids:
        BrokerNode.objects.update_or_create(broker_id=broker_id, defaults={"desired": BrokerNode.Desired.RUNNING})
    BrokerNode.objects.exclude(broker_id__in=options.broker_ids).update(desired=BrokerNode.Desired.STOPPED)
    Installation.objects.update_or_create(id=1, defaults={"demo": options.demo})


def desired() -> list[Desired]:
    from cluster.models import BrokerNode, Installation

    demo = Installation.objects.filter(id=1, demo=True).exists()
    brokers = [
        Desired(
            part=f"broker-{row.broker_id}",
            running=row.desired == BrokerNode.Desired.RUNNING,
            restarts=row.restart_requests,
            kills=row.kill_requests,
        )
        for row in BrokerNode.objects.all()
    ]
    return [*brokers, Desired(part="demo", running=demo)]


def moments(*, starting: bool, ended: bool) -> dict[str, Any]:
    """What a broker's row says of when it was that it started, or ended: now."""
    from django.utils import timezone

    now = timezone.now()
    return ({"started_at": now} if starting else {}) | ({"last_exit_at": now} if ended else {})


def record(broker_id: int, fields: Mapping[str, Any]) -> None:
    """Write what has become of a broker."""
    from cluster.models import BrokerNode

    BrokerNode.objects.filter(broker_id=broker_id).update(**fields)


def answered(function: Callable[[], Result]) -> Result:
    """Call; a connection that was lost is made anew by the next call."""
    try:
        return function()
    except Exception as error:
        from django.db import Error, connection

        if isinstance(error, Error):
            connection.close()
        raise


def first_line(error: BaseException) -> str:
    """What an error says, without the hints that databases add in further lines."""
    return str(error).partition("\n")[0] or type(error).__name__


def sign_in_link() -> str:
    from django.core.management import call_command

    return str(call_command("login_link", verbosity=0, stdout=io.StringIO()))


def disconnect() -> None:
    from django.db import connections

    connections.close_all()
