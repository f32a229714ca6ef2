#include "server/history/host_metrics.h"

#include <string_view>
#include <utility>

namespace perdure::server {
namespace {

constexpr std::string_view kService = "history";

}  // namespace

HostMetrics::HostMetrics(Metrics& metrics, const std::string& executor)
    : executor_queue_(metrics.gauge("perdure_executor_queue", {{"executor", executor}})),
      executor_queue_bytes_(metrics.gauge("perdure_executor_queue_bytes", {{"executor", executor}})),
      event_waiters_(metrics.gauge("perdure_event_waiters", {{"executor", executor}})),
      call_waiters_(metrics.gauge("perdure_call_waiters", {{"executor", executor}})),
      wakes_behind_(metrics.gauge("perdure_wakes_behind_seconds", {{"executor", executor}})),
      known_wakes_(metrics.gauge("perdure_known_wakes", {{"executor", executor}})),
      removals_(metrics.gauge("perdure_removals", {{"executor", executor}})),
      refused_calls_(metrics.counter("perdure_refused_calls", {{"reason", "executor_queue"}})),
      fences_(metrics.counter("perdure_fences", {})),
      resident_runs_(metrics.gauge("perdure_resident_runs", {{"executor", executor}})),
      resident_bytes_(metrics.gauge("perdure_resident_bytes", {{"executor", executor}})),
      shards_(metrics) {}

HostMetrics::Shards::Shards(Metrics& metrics)
    : owned(metrics.gauge("numshards_gauge", {{"operation", "ShardController"}, {"service_name", kService}})),
      created(metrics.counter("sharditem_created_count",
                              {{"operation", "ShardController"}, {"service_name", kService}})),
      removed(metrics.counter("sharditem_removed_count",
                              {{"operation", "ShardController"}, {"service_name", kService}})),
      closed(metrics.counter("shard_closed_count",
                             {{"operation", "ShardController"}, {"service_name", kService}})) {}

void HostMetrics::OnServing(size_t shards) {
  GiveUpShards();
  owned_shards_ = shards;
  shards_.created.Add(static_cast<double>(shards));
  shards_.owned.Add(static_cast<double>(shards));
}

void HostMetrics::OnFence() {
  fences_.Add();
  shards_.closed.Add(static_cast<double>(owned_shards_));
  GiveUpShards();
}

void HostMetrics::GiveUpShards() {
  const auto given_up = static_cast<double>(std::exchange(owned_shards_, 0));
  shards_.removed.Add(given_up);
  shards_.owned.Add(-given_up);
}

void HostMetrics::SetResident(size_t runs, size_t bytes) {
  resident_runs_.Set(static_cast<double>(runs));
  resident_bytes_.Set(static_cast<double>(bytes));
}

}  // namespace perdure::server
