"""The member's part of the cooperative protocol, for libraries that take an assignor and have none with that protocol.

By Kafka's ConsumerProtocolSubscription, version 1 (KIP-429), a member says when it joins what it owns:

    version int16 | topics [string] | user data bytes | owned [topic string, partitions [int32]]
"""

import struct

VERSION = 1


class OwningAssignor:
    """Goes by the name that all libraries know. Another member leads the group and assigns."""

    name = "cooperative-sticky"

    def __init__(self):
        self.owned = []

    def metadata(self, topics):
        owned = [_string(topic) + _array(struct.pack(">i", one) for one in parts) for topic, parts in self.owned]
        no_user_data = struct.pack(">i", 0)
        return struct.pack(">h", VERSION) + _array(map(_string, topics)) + no_user_data + _array(owned)

    def on_assignment(self, assignment):
        self.owned = assignment.assignment


def _string(text):
    return struct.pack(">h", len(text.encode())) + text.encode()


def _array(items):
    packed = list(items)
    return struct.pack(">i", len(packed)) + b"".join(packed)
