"""The in-sync replicas of a led partition: what is committed, what is proposed, who may join or must leave."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change of the ISR that the controller was asked for and has not answered."""

    isr: tuple[int, ...]
    broker_epochs: tuple[int, ...]
    """Of which incarnation each member's fetches were (-1: it has not fetched from this leader yet). The controller
    refuses a member that registered anew meanwhile: what it had may be lost (KIP-903)."""
    partition_epoch: int
    """The epoch that it was proposed against: the controller refuses it when the partition has moved on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InSyncReplicas:
    """Committed ISR and the open proposal. Immutable: each step gives the next value.

    Until the answer is known the high watermark counts the *maximal* ISR, because the controller may have taken
    the proposal already: a shrink keeps the old members and an expansion counts the new ones
    (KIP-497; forgetting an unanswered proposal loses acknowledged records).
    """

    committed: tuple[int, ...]
    partition_epoch: int
    proposal: Proposal | None = None

    @property
    def alone(self) -> bool:
        """True when one member is in sync: the leader."""
        return len(self.committed) == 1

    @property
    def maximal(self) -> tuple[int, ...]:
        """Committed members and the proposed ones."""
        if self.proposal is None:
            return self.committed
        return tuple(dict.fromkeys((*self.committed, *self.proposal.isr)))

    def propose(self, isr: tuple[int, ...], broker_epochs: tuple[int, ...]) -> InSyncReplicas:
        """Open a proposal. Only one may be open."""
        assert self.proposal is None, "an ISR proposal is still unanswered"
        proposal = Proposal(isr=isr, broker_epochs=broker_epochs, partition_epoch=self.partition_epoch)
        return replace(self, proposal=proposal)

    def reset(self) -> InSyncReplicas:
        """Drop the proposal: the controller said that it did not take it."""
        return replace(self, proposal=None)

    def commit(self, isr: tuple[int, ...], partition_epoch: int) -> InSyncReplicas:
        """Take over what the metadata log (or the controller's answer) says, unless it is older than what is known."""
        if partition_epoch <= self.partition_epoch:
            return self
        return InSyncReplicas(committed=isr, partition_epoch=partition_epoch)
