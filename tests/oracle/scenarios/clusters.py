"""The cluster and others that it might know: as a single cluster answers."""

from ..registry import scenario


@scenario
def listed(c):
    """ListClusters: the cluster itself, whatever the page."""
    reply = c.quietly("ListClusters", {})
    own = reply.clusters[0]
    fields = sorted(field.name for field, _ in own.ListFields())
    c.note("fields", [name for name in fields if not name.endswith("address")])
    c.note("clusters", [one.cluster_name for one in reply.clusters])
    c.note("initial failover version", own.initial_failover_version)
    c.note("next page", bool(reply.next_page_token))
    info = c.quietly("GetClusterInfo", {})
    c.note("the id is that of GetClusterInfo", own.cluster_id == info.cluster_id)
    c.note("so are its shards", own.history_shard_count == info.history_shard_count)


@scenario
def list_pages(c):
    """Page sizes of ListClusters."""
    for size in (-1, 0, 1, 1000):
        reply = c.attempt("ListClusters", {"page_size": size})
        c.note("clusters", [one.cluster_name for one in reply.clusters] if reply else "refused")


@scenario
def remove(c):
    """Clusters that are not there are not removed, nor is the cluster itself."""
    c.call("RemoveRemoteCluster", {})
    c.call("RemoveRemoteCluster", {"cluster_name": "nowhere"})


@scenario
def add_refused(c):
    """A remote cluster must answer; what does not is UNAVAILABLE. The words are gRPC's."""
    for address in ("", "127.0.0.1:1"):
        refusal = c.refusal_of("AddOrUpdateRemoteCluster", {"frontend_address": address}, timeout=30)
        begin = f"Unable connect to remote cluster {address} with error: "
        c.note("refused", [refusal["code"], refusal["message"].startswith(begin)])
    c.note("clusters", len(c.quietly("ListClusters", {}).clusters))


@scenario
def cluster_info(c):
    """GetClusterInfo: each field that is set."""
    info = c.quietly("GetClusterInfo", {})
    c.note("fields", sorted(field.name for field, _ in info.ListFields()))
