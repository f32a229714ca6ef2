// The TLS material in use. It is looked at before each handshake: when the files have changed, what is in
// them then is taken, so that a renewed certificate needs no restart and connections that stand are not
// touched. What cannot be used (unreadable, not a pair, not valid by its dates) is said in the log once for
// each change, and the certificate before stays in use.
//
// Thread safety: any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/mutex.h"
#include "server/auth/tls_files.h"
#include "server/metrics/prometheus_metrics.h"

namespace perdure::server {

class TlsSource {
 public:
  using Clock = std::function<absl::Time()>;

  // Errors as ReadTlsFiles.
  static absl::StatusOr<std::shared_ptr<TlsSource>> Open(TlsFiles files, Clock clock);

  // Never null; another pointer than before when the material is another.
  std::shared_ptr<const TlsContent> Current();
  bool AsksClients() const { return !files_.client_ca.empty(); }

  // Lets each reading of the metrics show how long the certificates in use are valid. `source` is kept.
  static void ShowExpiry(const std::shared_ptr<TlsSource>& source, PrometheusMetrics& metrics);

 private:
  TlsSource(TlsFiles files, Clock clock, std::string mark, TlsContent content);
  void Renew() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const TlsFiles files_;
  const Clock clock_;

  Mutex mutex_;
  std::string mark_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TlsContent> content_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace perdure::server
