#include "bench/load/client.h"

#include <arpa/inet.h>
#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace perdure::bench {
namespace {

// gRPC itself looks ten times a second at most.
bool Listens(const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const bool listens = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return listens;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const Target& target, absl::Duration patience) {
  const std::vector<std::string> parts = absl::StrSplit(target.address, ':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  int port = 0;
  if (parts.size() != 2 || inet_pton(AF_INET, parts[0].c_str(), &address.sin_addr) != 1 ||
      !absl::SimpleAtoi(parts[1], &port)) {
    return absl::InvalidArgumentError(absl::StrCat("the address is a.b.c.d:port, not ", target.address));
  }
  address.sin_port = htons(static_cast<uint16_t>(port));
  const absl::Time until = absl::Now() + patience;
  while (!Listens(address)) {
    if (absl::Now() > until) {
      return absl::UnavailableError(absl::StrCat("nothing answers at ", target.address));
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetMaxReceiveMessageSize(-1);
  auto channel = grpc::CreateCustomChannel(target.address, grpc::InsecureChannelCredentials(), arguments);
  return std::unique_ptr<Client>(new Client(target, std::move(channel)));
}

void Client::After(absl::Duration delay, std::function<void()> then) {
  auto* alarm = new grpc::Alarm;  // deletes itself
  alarm->Set(absl::ToChronoTime(absl::Now() + delay), [alarm, then = std::move(then)](bool) {
    then();
    delete alarm;
  });
}

std::string CodeName(const grpc::Status& status) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code()));
}

}  // namespace perdure::bench
