// What of ours reads bytes of gRPC's wire: messages, however they are cut into pieces, deadlines and
// questions for reflection.

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/limits.h"
#include "server/wire/grpc_text.h"
#include "server/wire/message_reader.h"
#include "server/wire/side_services.h"

using perdure::server::MessageReader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (const auto timeout = perdure::server::ParseGrpcTimeout(bytes)) {
    PERDURE_CHECK(*timeout >= absl::ZeroDuration(), "a deadline is not before now");
  }
  static_cast<void>(perdure::server::Reflect(bytes));
  static_cast<void>(perdure::server::HealthServiceOf(bytes));
  for (const char one : perdure::server::PercentEncoded(bytes)) {
    PERDURE_CHECK(one >= 0x20 && one <= 0x7E, "what is encoded is printable");
  }

  MessageReader reader;
  reader.set_encoding((data[0] & 1) != 0 ? MessageReader::Encoding::kGzip
                                         : MessageReader::Encoding::kIdentity);
  const size_t step = static_cast<size_t>(data[0] >> 1) + 1;
  for (size_t at = 0; at < bytes.size(); at += step) {
    if (!reader.Add(bytes.substr(at, step)).ok()) return 0;
    for (;;) {
      const auto message = reader.Next();
      if (!message.ok()) return 0;
      if (!message->has_value()) break;
      PERDURE_CHECK((*message)->size() <= perdure::limits::kGrpcMessage, "no message is over the limit");
    }
  }
  PERDURE_CHECK(reader.held() <= bytes.size(), "no more is held than came");
  return 0;
}
