"""What servers say about themselves."""

from ..registry import scenario


@scenario
def system_info(c):
    """GetSystemInfo: version and capabilities."""
    c.call("GetSystemInfo", {})


@scenario
def cluster_info(c):
    """GetClusterInfo."""
    c.call("GetClusterInfo", {})
