// Tokens come back from clients: whatever they hold, opening one never crashes, and only what was sealed
// opens.

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "perdure/token.pb.h"
#include "server/auth/token_seal.h"

namespace {

using perdure::server::TokenKind;
using perdure::server::TokenSealer;

template <typename Token>
void OpenForeign(const TokenSealer& sealer, TokenKind kind, std::string_view bytes) {
  Token token;
  PERDURE_CHECK(!sealer.Open(kind, bytes, token), "a token that nobody sealed was accepted");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TokenSealer sealer("the key of the fuzz test");
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  OpenForeign<perdure::server::TaskToken>(sealer, TokenKind::kTask, bytes);
  OpenForeign<perdure::server::HistoryPageToken>(sealer, TokenKind::kHistoryPage, bytes);
  OpenForeign<perdure::server::ListPageToken>(sealer, TokenKind::kListPage, bytes);
  OpenForeign<perdure::server::NamespacePageToken>(sealer, TokenKind::kNamespacePage, bytes);
  OpenForeign<perdure::server::WorkerPageToken>(sealer, TokenKind::kWorkerPage, bytes);

  // A sealed token with one bit changed does not open either.
  perdure::server::TaskToken token;
  token.set_run_id(std::string(bytes));
  std::string sealed = sealer.Seal(TokenKind::kTask, token);
  PERDURE_CHECK(sealer.Open(TokenKind::kTask, sealed, token), "a sealed token opens");
  const size_t place = size == 0 ? 0 : data[0] % sealed.size();
  sealed[place] = static_cast<char>(sealed[place] ^ 1);
  OpenForeign<perdure::server::TaskToken>(sealer, TokenKind::kTask, sealed);
  return 0;
}
