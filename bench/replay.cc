// What PostgreSQL allows of a server's own bytes: sends again what a server sent on the connection that its
// batches go by, byte for byte, on one pipelined connection with nothing around it. Prints JSON.
// bench/limit.py records the stream and sets the server beside it.
//
//     perdure_replay --postgres "host=... dbname=..." --stream FILE [--under-way 8]
//
// FILE is as bench/wire.h says. The database must be empty; it is migrated as the server's was, and keeps
// what is written, to be compared with the server's. As many transactions as --under-way says are sent and
// not yet answered: with 1 each waits for the one before it, as the server's must. Timed is what begins with
// the first batch and ends with the last answer. Any error that the database answers ends the program with 1;
// a batch that finds its writer's row another than the server did is one (persistence/postgres/statements.h).

#include <poll.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/watch.h"
#include "bench/wire.h"
#include "persistence/postgres/postgres_migrate.h"

namespace perdure::bench {
namespace {

using persistence::PgBlocking;

struct Options {
  std::string postgres;
  std::string stream;
  size_t under_way = 8;
};

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};

// Logs in by libpq; what it sends then, it writes on the socket itself.
class Replayer {
 public:
  static absl::StatusOr<Replayer> Connect(const std::string& postgres, const WireStream& stream) {
    const char* const keywords[] = {"dbname", "options", nullptr};
    const char* const values[] = {postgres.c_str(), stream.options.c_str(), nullptr};
    Replayer replayer(stream);
    replayer.connection_.reset(PQconnectdbParams(keywords, values, /*expand_dbname=*/1));
    if (PQstatus(replayer.connection_.get()) != CONNECTION_OK) {
      return absl::UnavailableError(PQerrorMessage(replayer.connection_.get()));
    }
    if (PQsslInUse(replayer.connection_.get()) != 0) {
      return absl::InvalidArgumentError("the connection is encrypted: add sslmode=disable to --postgres");
    }
    return replayer;
  }

  // Up to the part of this number, which is not sent, from where the last call ended.
  absl::Status Send(size_t until, size_t under_way) {
    const int socket = PQsocket(connection_.get());
    while (answers_.ready() < until) {
      const size_t allowed = stream_.parts[std::min(answers_.ready() + under_way, until) - 1].end;
      pollfd ready{socket, static_cast<short>(sent_ < allowed ? POLLIN | POLLOUT : POLLIN), 0};
      if (poll(&ready, 1, /*timeout=*/-1) < 0 && errno != EINTR) return Lost();
      if ((ready.revents & POLLOUT) != 0) {
        const ssize_t sent =
            send(socket, stream_.bytes.data() + sent_, allowed - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) return Lost();
        if (sent > 0) sent_ += static_cast<size_t>(sent);
      }
      if ((ready.revents & ~POLLOUT) == 0) continue;
      const ssize_t received = recv(socket, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
      if (received == 0) return absl::UnavailableError("the database closed the connection");
      if (received < 0 && errno != EAGAIN && errno != EINTR) return Lost();
      if (received < 0) continue;
      absl::Status taken = answers_.Take({buffer_.data(), static_cast<size_t>(received)});
      if (!taken.ok()) return taken;
    }
    return absl::OkStatus();
  }

 private:
  explicit Replayer(const WireStream& stream)
      : stream_(stream), sent_(stream.parts.front().begin), buffer_(size_t{1} << 16) {}

  static absl::Status Lost() {
    return absl::UnavailableError(absl::StrCat("the connection broke: ", std::strerror(errno)));
  }

  const WireStream& stream_;
  size_t sent_;
  std::vector<char> buffer_;
  WireAnswers answers_;
  std::unique_ptr<PGconn, Finish> connection_;
};

absl::StatusOr<WireStream> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  return ReadWireStream(std::move(content).str());
}

absl::Status Run(const Options& options) {
  const absl::StatusOr<WireStream> stream = ReadFile(options.stream);
  if (!stream.ok()) return stream.status();
  const std::vector<WirePart>& parts = stream->parts;
  const auto first =
      std::find_if(parts.begin(), parts.end(), [](const WirePart& part) { return part.is_batch; });
  if (first == parts.end()) return absl::InvalidArgumentError("the stream has no batch");
  const absl::StatusOr<int> migrated = persistence::MigratePostgres(options.postgres, nullptr);
  if (!migrated.ok()) return migrated.status();
  absl::StatusOr<PgBlocking> admin = PgBlocking::Connect(options.postgres);
  if (!admin.ok()) return admin.status();
  absl::StatusOr<Replayer> replayer = Replayer::Connect(options.postgres, *stream);
  if (!replayer.ok()) return replayer.status();

  absl::Status sent = replayer->Send(static_cast<size_t>(first - parts.begin()), /*under_way=*/1);
  if (!sent.ok()) return sent;
  const Measure measure = Watch(*admin, [&](Measure& measured) {
    sent = replayer->Send(parts.size(), options.under_way);
    for (auto part = first; part != parts.end(); ++part) measured.statements += part->executes;
    measured.commits = static_cast<double>(parts.end() - first);
  });
  if (!sent.ok()) return sent;
  const nlohmann::ordered_json out = {
      {"seconds", measure.seconds},       {"transactions", measure.commits},
      {"statements", measure.statements}, {"bytes_sent", parts.back().end - first->begin},
      {"wal_bytes", measure.wal},         {"database_bytes", measure.size}};
  std::puts(out.dump().c_str());
  return absl::OkStatus();
}

}  // namespace
}  // namespace perdure::bench

int main(int argc, char** argv) {
  CLI::App app("Sends a server's own bytes to PostgreSQL again, with nothing around them");
  perdure::bench::Options options;
  app.add_option("--postgres", options.postgres, "libpq connection string of an empty database")->required();
  app.add_option("--stream", options.stream, "what the server sent, from its startup message on")->required();
  app.add_option("--under-way", options.under_way, "transactions sent and not yet answered")
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = perdure::bench::Run(options);
  if (status.ok()) return 0;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return 1;
}
