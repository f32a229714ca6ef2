#include "server/workers/worker_registry.h"

#include <catch2/catch.hpp>

#include "base/limits.h"
#include "server/workers/worker_filter.h"

namespace perdure::server {
namespace {

const Uuid kSpace = *Uuid::Parse("11111111-2222-4333-8444-555555555555");
const absl::Time kStart = absl::FromUnixSeconds(1'000'000);

WorkerHeartbeat Worker(const std::string& key, const std::string& queue = "queue") {
  WorkerHeartbeat worker;
  worker.set_worker_instance_key(key);
  worker.set_task_queue(queue);
  worker.set_status(temporal::api::enums::v1::WORKER_STATUS_RUNNING);
  return worker;
}

std::string Keys(const std::vector<WorkerPtr>& workers) {
  std::string keys;
  for (const WorkerPtr& worker : workers) keys += worker->worker_instance_key();
  return keys;
}

std::string Filtered(const std::vector<WorkerPtr>& workers, std::string_view filter,
                     bool include_system_workers = false) {
  const auto found = FilterWorkers(workers, filter, include_system_workers);
  return found.ok() ? Keys(*found) : std::string(found.status().message());
}

}  // namespace

TEST_CASE("workers are kept a namespace, by key, until they say that they have shut down") {
  WorkerRegistry registry;
  for (const char* key : {"b", "a", "c"}) registry.Record(kSpace, Worker(key), kStart);
  registry.Record(Uuid{}, Worker("z"), kStart);
  CHECK(Keys(registry.All(kSpace, kStart)) == "abc");
  WorkerHeartbeat gone = Worker("b");
  gone.set_status(temporal::api::enums::v1::WORKER_STATUS_SHUTDOWN);
  registry.Record(kSpace, gone, kStart);
  CHECK(Keys(registry.All(kSpace, kStart)) == "ac");
  CHECK(registry.Find(kSpace, "b", kStart) == nullptr);
  CHECK(registry.Find(Uuid{}, "a", kStart) == nullptr);
  CHECK(registry.Find(kSpace, "a", kStart)->worker_instance_key() == "a");
}

TEST_CASE("a silent worker is forgotten, one that is heard of again is not") {
  WorkerRegistry registry;
  registry.Record(kSpace, Worker("a"), kStart);
  registry.Record(kSpace, Worker("b"), kStart);
  registry.Record(kSpace, Worker("a", "another"), kStart + absl::Minutes(1));
  CHECK(Keys(registry.All(kSpace, kStart + limits::kWorkerSilence - absl::Seconds(1))) == "ab");
  CHECK(Keys(registry.All(kSpace, kStart + limits::kWorkerSilence)) == "a");
  CHECK(registry.Find(kSpace, "a", kStart + limits::kWorkerSilence)->task_queue() == "another");
  CHECK(registry.Find(kSpace, "a", kStart + absl::Minutes(1) + limits::kWorkerSilence) == nullptr);
}

TEST_CASE("there are never more workers than may be kept: the one silent for longest goes") {
  WorkerRegistry registry;
  for (size_t i = 0; i <= limits::kWorkersKept; ++i) {
    registry.Record(kSpace, Worker(std::to_string(i)), kStart + absl::Milliseconds(i));
  }
  const absl::Time now = kStart + absl::Minutes(1);
  CHECK(registry.All(kSpace, now).size() == limits::kWorkersKept);
  CHECK(registry.Find(kSpace, "0", now) == nullptr);
  CHECK(registry.Find(kSpace, "1", now) != nullptr);
}

TEST_CASE("workers of the system are hidden until asked for") {
  const std::vector<WorkerPtr> workers = {
      std::make_shared<WorkerHeartbeat>(Worker("a")),
      std::make_shared<WorkerHeartbeat>(Worker("b", "temporal-sys-per-ns-tq")),
      std::make_shared<WorkerHeartbeat>(Worker("c", "not-temporal-sys-"))};
  CHECK(Filtered(workers, "") == "ac");
  CHECK(Filtered(workers, "TaskQueue STARTS_WITH 'temporal-sys-'").empty());
  CHECK(Filtered(workers, "", true) == "abc");
  CHECK(Filtered(workers, "TaskQueue STARTS_WITH 'temporal-sys-'", true) == "b");
}

TEST_CASE("workers that a namespace makes up push out none of another's") {
  WorkerRegistry registry;
  const Uuid honest{};
  for (const char* key : {"a", "b", "c"}) registry.Record(honest, Worker(key), kStart);
  for (size_t i = 0; i < limits::kWorkersKept + 10; ++i) {
    registry.Record(kSpace, Worker(std::to_string(i)), kStart + absl::Seconds(1));
  }
  const absl::Time now = kStart + absl::Minutes(1);
  CHECK(Keys(registry.All(honest, now)) == "abc");
  registry.Record(honest, Worker("d"), now);
  CHECK(Keys(registry.All(honest, now)) == "abcd");
  CHECK(registry.All(kSpace, now).size() == limits::kWorkersKept - 4);
}

TEST_CASE("what workers say of themselves is bounded in bytes, where most was said first") {
  WorkerRegistry registry;
  const Uuid honest{};
  registry.Record(honest, Worker("a"), kStart);
  const size_t many = limits::kWorkersBytes / limits::kWorkerHeartbeatSize + 100;
  for (size_t i = 0; i < many; ++i) {
    WorkerHeartbeat worker = Worker(std::to_string(i));
    worker.set_worker_identity(std::string(limits::kWorkerHeartbeatSize, 'x'));
    registry.Record(kSpace, std::move(worker), kStart + absl::Seconds(1));
  }
  const absl::Time now = kStart + absl::Minutes(1);
  CHECK(Keys(registry.All(honest, now)) == "a");
  const size_t kept = registry.All(kSpace, now).size();
  CHECK(kept < many - 50);
  CHECK(kept > many / 2);
  CHECK(registry.Find(kSpace, std::to_string(many - 1), now) != nullptr);
  // All silent: nothing of them is left.
  CHECK(registry.All(kSpace, now + limits::kWorkerSilence).empty());
  CHECK(registry.All(honest, now + limits::kWorkerSilence).empty());
}

TEST_CASE("filters of workers: text, times, null, and what makes no sense") {
  WorkerHeartbeat b = Worker("b", "other");
  b.mutable_start_time()->set_seconds(1000);
  b.mutable_host_info()->set_host_name("host");
  const std::vector<WorkerPtr> workers = {std::make_shared<WorkerHeartbeat>(Worker("a")),
                                          std::make_shared<WorkerHeartbeat>(b)};
  CHECK(Filtered(workers, "") == "ab");
  CHECK(Filtered(workers, "TaskQueue = 'queue' OR HostName = 'host'") == "ab");
  CHECK(Filtered(workers, "NOT TaskQueue IN ('queue', 'x')") == "b");
  CHECK(Filtered(workers, "TaskQueue BETWEEN 'o' AND 'p'") == "b");
  CHECK(Filtered(workers, "TaskQueue STARTS_WITH 'qu'") == "a");
  CHECK(Filtered(workers, "TaskQueue NOT STARTS_WITH 'qu'") == "b");
  CHECK(Filtered(workers, "HostName IS NULL") == "a");
  CHECK(Filtered(workers, "HostName IS NOT NULL") == "b");
  CHECK(Filtered(workers, "HostName != 'x'") == "b");
  CHECK(Filtered(workers, "StartTime >= '1970-01-01T00:16:40Z'") == "b");
  CHECK(Filtered(workers, "StartTime < '1970-01-01T00:16:40Z' OR StartTime IS NULL") == "a");
  CHECK(Filtered(workers, "Status = 'Running'") == "ab");
  CHECK(Filtered(workers, "Nope = 'x'") == "malformed query: unknown attribute Nope");
  CHECK(Filtered(workers, "StartTime STARTS_WITH '1970-01-01T00:00:00Z'") ==
        "malformed query: a time does not start with anything");
  CHECK(Filtered(workers, "TaskQueue !=") == "malformed query: syntax error at position 40");
  CHECK(Filtered({}, "TaskQueue = 5").find("invalid value type") != std::string::npos);
  CHECK(Filtered(workers, "GROUP BY Status") == "malformed query: workers are not grouped");
}

}  // namespace perdure::server
