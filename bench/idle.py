"""What a server costs that has nothing to do: ./dev bench idle

One minute with no call at all, and one with 1,000 long polls open: CPU as a share of one core, of server and
PostgreSQL; transactions, statements and WAL that reach PostgreSQL; memory.
"""

import argparse

from common import KINDS, Figures, Table, cluster_for, running

SERVERS = [kind for kind in KINDS if kind != "memory"]
SETTLE_SECONDS = 5


def _row(table: Table, kind: str, polls: int, seconds: float, used: Figures) -> None:
    def share(process: str) -> float | None:
        cpu = used.get(f"{process}_cpu_ms")
        return None if cpu is None else cpu / seconds / 10  # percent

    def a_minute(key: str) -> float | None:
        return used[key] * 60 / seconds if key in used else None

    table.row(
        *(kind, polls, share("server"), share("postgres")),
        *(a_minute(key) for key in ("commits", "statements", "wal_bytes")),
        used["server_rss_mb"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=SERVERS)
    parser.add_argument("--polls", nargs="+", type=int, default=[0, 1000])
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()

    table = Table(
        *("server     ", "long polls", "server % of a core", "PostgreSQL %"),
        *("transactions/min", "statements/min", "WAL B/min", "resident MB"),
    )
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            for polls in options.polls:
                with running(kind, cluster) as measured:
                    used = measured.load(
                        *("idle", "--polls", polls, "--warm-up", SETTLE_SECONDS),
                        *("--seconds", options.seconds),
                    )
                    _row(table, kind, polls, options.seconds, used)


if __name__ == "__main__":
    main()
