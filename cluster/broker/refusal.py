"""Why a node does not run, in a line for whoever operates it."""


class NodeRefused(Exception):
    """The node cannot run as it is configured. The text says in one line what is wrong and what to do."""


class DiskFailed(Exception):
    """The node's only log directory is offline, and so the node goes down, as Kafka's broker does (KIP-112).

    A full disk is no exception: replicas elsewhere take what this one cannot, and nobody can vouch for logs of which
    the kernel may have dropped what it could not write. A later start may find room, or another disk.
    """

    def __init__(self, log_dir: str, error: OSError) -> None:
        self.log_dir = log_dir
        super().__init__(f"the log directory {log_dir} is offline: {error.strerror or error}")
