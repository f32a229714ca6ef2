#include "bench/load/client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"

namespace perdure::bench {
namespace {

bool Listens(const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const bool listens = connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return listens;
}

absl::StatusOr<sockaddr_in> ParseAddress(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  int port = 0;
  if (parts.size() != 2 || inet_pton(AF_INET, parts[0].c_str(), &address.sin_addr) != 1 ||
      !absl::SimpleAtoi(parts[1], &port)) {
    return absl::InvalidArgumentError(absl::StrCat("the address is a.b.c.d:port, not ", text));
  }
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Client>> Client::Connect(const Target& target, absl::Duration patience) {
  const absl::StatusOr<sockaddr_in> address = ParseAddress(target.address);
  if (!address.ok()) return address.status();
  const absl::Time until = absl::Now() + patience;
  while (!Listens(*address)) {
    if (absl::Now() > until) {
      return absl::UnavailableError(absl::StrCat("nothing answers at ", target.address));
    }
    absl::SleepFor(absl::Milliseconds(1));
  }
  return std::unique_ptr<Client>(new Client(target, *address));
}

Client::Client(const Target& target, const sockaddr_in& address)
    : target_(target), loop_("load-client"), channel_(loop_, address, target.address) {}

// The channel lives on the loop's thread until there is none.
Client::~Client() { loop_.Stop(); }

Frame Client::ToFrame(const google::protobuf::MessageLite& request) {
  const size_t size = request.ByteSizeLong();
  auto frame = std::make_shared<std::string>(kFramePrefixBytes, '\0');  // not compressed
  for (size_t i = 1; i < kFramePrefixBytes; ++i) {
    (*frame)[i] = static_cast<char>(size >> 8 * (kFramePrefixBytes - 1 - i));
  }
  frame->reserve(kFramePrefixBytes + size);
  request.AppendToString(frame.get());
  return frame;
}

void Client::After(absl::Duration delay, EventLoop::Task then) {
  if (loop_.IsCurrent()) {
    loop_.RunAfter(delay, std::move(then));
    return;
  }
  loop_.Post([this, delay, then = std::move(then)]() mutable { loop_.RunAfter(delay, std::move(then)); });
}

std::string CodeName(const absl::Status& status) { return absl::StatusCodeToString(status.code()); }

}  // namespace perdure::bench
