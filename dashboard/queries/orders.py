"""Orders to managed brokers: they change the row that the supervisor follows, as the command line and a crash do."""

from enum import StrEnum

from django.db.models import F

from cluster.models import BrokerNode


class Order(StrEnum):
    STOP = "stop"
    START = "start"
    RESTART = "restart"
    KILL = "kill"


TOLD = {
    Order.STOP: "Broker {} is being stopped: its leaderships move away first.",
    Order.START: "Broker {} is being started.",
    Order.RESTART: "Broker {} is being restarted: its leaderships move away first.",
    Order.KILL: "Broker {} is being killed, as a crash would; it is started again by itself.",
}


async def give(broker_id: int, order: Order) -> str | None:
    """What was ordered, in words; None when this broker is not managed here."""
    row = BrokerNode.objects.filter(broker_id=broker_id)
    match order:
        case Order.STOP:
            found = await row.aupdate(desired=BrokerNode.Desired.STOPPED)
        case Order.START:
            found = await row.aupdate(desired=BrokerNode.Desired.RUNNING)
        case Order.RESTART:
            found = await row.aupdate(desired=BrokerNode.Desired.RUNNING, restart_requests=F("restart_requests") + 1)
        case Order.KILL:
            found = await row.aupdate(kill_requests=F("kill_requests") + 1)
    return TOLD[order].format(broker_id) if found else None
