#include "bench/load/probes.h"

#include <memory>
#include <utility>

#include "absl/time/clock.h"
#include "base/notification.h"

namespace perdure::bench {
namespace {

constexpr absl::Duration kPollPatience = absl::Seconds(65);
constexpr absl::Duration kPause = absl::Milliseconds(100);
constexpr int kQueues = 10;

bool Describe(Client& client) {
  Notification answered;
  bool ok = false;
  client.Send<api::DescribeNamespaceResponse>("DescribeNamespace",
                                              client.New<api::DescribeNamespaceRequest>(), absl::Seconds(2),
                                              [&](const absl::Status& status, auto&) {
                                                ok = status.ok();
                                                answered.Notify();
                                              });
  answered.WaitForNotification();
  return ok;
}

template <typename Request, typename Response>
void Hold(Client& client, const char* method, int number) {
  auto request = client.New<Request>();
  request.mutable_task_queue()->set_name(absl::StrCat("idle-", number % kQueues));
  client.Send<Response>(
      method, request, kPollPatience, [&client, method, number](const absl::Status& status, auto&) {
        if (status.ok()) return Hold<Request, Response>(client, method, number);
        client.After(kPause, [&client, method, number] { Hold<Request, Response>(client, method, number); });
      });
}

}  // namespace

absl::StatusOr<absl::Time> FirstAnswer(const Target& target, absl::Duration patience) {
  const absl::Time until = absl::Now() + patience;
  const absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(target, patience);
  if (!client.ok()) return client.status();
  while (!Describe(**client)) {
    if (absl::Now() > until) return absl::DeadlineExceededError("the namespace does not appear");
    absl::SleepFor(absl::Milliseconds(1));
  }
  return absl::Now();
}

absl::Status HoldPolls(const Target& target, int polls) {
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(target, absl::Seconds(10));
  if (!client.ok()) return client.status();
  Client& held = *client->release();  // the polls are open until the process ends
  for (int i = 0; i < polls; ++i) {
    if (i % 2 == 0) {
      Hold<api::PollWorkflowTaskQueueRequest, api::PollWorkflowTaskQueueResponse>(
          held, "PollWorkflowTaskQueue", i / 2);
    } else {
      Hold<api::PollActivityTaskQueueRequest, api::PollActivityTaskQueueResponse>(
          held, "PollActivityTaskQueue", i / 2);
    }
  }
  return absl::OkStatus();
}

}  // namespace perdure::bench
