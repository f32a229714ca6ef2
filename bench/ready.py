"""How soon a server works that starts on an existing store: ./dev bench ready

From the start of its process until the first call is answered, and until the first workflow (one activity)
is done. Medians of several starts; the store holds workflows of an earlier life.
"""

import argparse
import statistics
import time

from common import KINDS, Table, cluster_for, finish, running

SERVERS = [kind for kind in KINDS if kind not in ("memory", "real-memory")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", nargs="+", choices=SERVERS, default=SERVERS)
    parser.add_argument("--starts", type=int, default=7)
    options = parser.parse_args()

    table = Table("server     ", "starts", "first answer ms", "worst", "first workflow ms", "worst")
    with cluster_for(options.servers) as cluster:
        for kind in options.servers:
            answered, finished = [], []
            with running(kind, cluster) as measured:
                measured.load("--seconds", 2, "--warm-up", 0, "--drain", 10)
                for _ in range(options.starts):
                    measured.server.stop()
                    load = measured.begin_load("first")
                    began = time.time()
                    measured.server.launch()
                    figures = finish(load)
                    answered.append((figures["answered_at"] - began) * 1e3)
                    finished.append((figures["finished_at"] - began) * 1e3)
            table.row(
                *(kind, options.starts, statistics.median(answered), max(answered)),
                *(statistics.median(finished), max(finished)),
            )


if __name__ == "__main__":
    main()
