#include "server/auth/tls_source.h"

#include <utility>

#include "base/log_fields.h"
#include "base/text.h"
#include "spdlog/spdlog.h"

namespace perdure::server {

TlsSource::TlsSource(TlsFiles files, Clock clock, std::string mark, TlsContent content)
    : files_(std::move(files)),
      clock_(std::move(clock)),
      mark_(std::move(mark)),
      content_(std::make_shared<const TlsContent>(std::move(content))) {}

absl::StatusOr<std::shared_ptr<TlsSource>> TlsSource::Open(TlsFiles files, Clock clock) {
  // Before the content, so that what changes in between is seen at the first handshake.
  std::string mark = TlsFilesMark(files);
  auto content = ReadTlsFiles(files, clock());
  if (!content.ok()) return content.status();
  return std::shared_ptr<TlsSource>(
      new TlsSource(std::move(files), std::move(clock), std::move(mark), *std::move(content)));
}

std::shared_ptr<const TlsContent> TlsSource::Current() {
  const MutexLock lock(mutex_);
  Renew();
  return content_;
}

void TlsSource::Renew() {
  std::string mark = TlsFilesMark(files_);
  if (mark == mark_) return;
  mark_ = std::move(mark);
  auto content = ReadTlsFiles(files_, clock_());
  if (!content.ok()) {
    spdlog::error("{}", WithFields("a renewed certificate cannot be used, the one before stays in use",
                                   {{"error", StdView(content.status().message())}}));
    return;
  }
  if (*content == *content_) return;
  content_ = std::make_shared<const TlsContent>(*std::move(content));
  spdlog::info("{}",
               WithFields("a renewed certificate is in use from now on", {{"file", files_.certificate}}));
}

void TlsSource::ShowExpiry(const std::shared_ptr<TlsSource>& source, PrometheusMetrics& metrics) {
  Gauge& server = metrics.gauge("perdure_tls_expiry_seconds", {{"file", "certificate"}});
  Gauge* const clients =
      source->AsksClients() ? &metrics.gauge("perdure_tls_expiry_seconds", {{"file", "client_ca"}}) : nullptr;
  metrics.BeforeReading([source, &server, clients] {
    const auto content = source->Current();
    const absl::Time now = source->clock_();
    server.Set(absl::ToDoubleSeconds(content->not_after - now));
    if (clients != nullptr) clients->Set(absl::ToDoubleSeconds(content->client_ca_not_after - now));
  });
}

}  // namespace perdure::server
