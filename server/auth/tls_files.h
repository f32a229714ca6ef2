// A certificate, its key and the authorities of clients, in PEM files that somebody else renews.
// Pure functions, but for the files that they read; safe from any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace perdure::server {

struct TlsFiles {
  std::string certificate;  // the server's, then the chain to its authority; empty: no TLS
  std::string key;
  std::string client_ca;  // who signs clients' certificates; empty: clients need none
};

// What stands in them.
struct TlsContent {
  std::string certificate;
  std::string key;
  std::string client_ca;
  absl::Time not_after;                                     // the certificate's end
  absl::Time client_ca_not_after = absl::InfiniteFuture();  // the first end of one of the authorities

  friend bool operator==(const TlsContent&, const TlsContent&) = default;
};

// INVALID_ARGUMENT in one line that names the configuration's key and says what to do: a file that cannot be
// read or understood, a key that is not the certificate's, one of the two without the other, a certificate
// that is not valid at `now` by its dates.
absl::StatusOr<TlsContent> ReadTlsFiles(const TlsFiles& files, absl::Time now);

// Changes when one of the files does: their inodes, sizes and times. Missing files are part of it.
std::string TlsFilesMark(const TlsFiles& files);

}  // namespace perdure::server
