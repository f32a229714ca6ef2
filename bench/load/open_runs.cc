#include "bench/load/open_runs.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

namespace perdure::bench {
namespace {

using temporal::api::command::v1::Command;

constexpr absl::Duration kConnectPatience = absl::Seconds(60);
constexpr absl::Duration kCallPatience = absl::Seconds(10);
constexpr absl::Duration kPollPatience = absl::Seconds(65);
constexpr absl::Duration kPause = absl::Milliseconds(20);
constexpr int kPollers = 32;

// Answers every workflow task of a queue. `command` says with what: it fills one in, or returns false for
// none. `answered` hears of each answer that was acknowledged.
class Answerer {
 public:
  using Task = api::PollWorkflowTaskQueueResponse;

  Answerer(Client& client, std::string task_queue, std::function<bool(const Task&, Command&)> command,
           std::function<void(const Task&)> answered)
      : client_(client),
        task_queue_(std::move(task_queue)),
        command_(std::move(command)),
        answered_(std::move(answered)) {}

  void Begin() {
    for (int i = 0; i < kPollers; ++i) Poll();
  }

 private:
  void Poll() {
    auto request = client_.New<api::PollWorkflowTaskQueueRequest>();
    request.mutable_task_queue()->set_name(task_queue_);
    client_.Send<Task>("PollWorkflowTaskQueue", request, kPollPatience,
                       [this](const absl::Status& status, Task& task) {
                         if (!status.ok()) return client_.After(kPause, [this] { Poll(); });
                         Poll();
                         if (!task.task_token().empty()) Answer(std::move(task));
                       });
  }

  void Answer(Task task) {
    auto request = client_.New<api::RespondWorkflowTaskCompletedRequest>();
    request.set_task_token(task.task_token());
    Command command;
    if (command_(task, command)) *request.add_commands() = std::move(command);
    client_.Send<api::RespondWorkflowTaskCompletedResponse>(
        "RespondWorkflowTaskCompleted", request, kCallPatience,
        [this, task = std::move(task)](const absl::Status& status, auto&) {
          if (status.ok()) answered_(task);
        });
  }

  Client& client_;
  const std::string task_queue_;
  const std::function<bool(const Task&, Command&)> command_;
  const std::function<void(const Task&)> answered_;
};

bool IsFirstTask(const Answerer::Task& task) { return task.previous_started_event_id() == 0; }

std::string Name(const RunSet& runs, int64_t index) { return absl::StrCat(runs.prefix, "-", index); }

template <typename Request>
void SetExecution(const std::string& workflow_id, Request& request) {
  request.mutable_workflow_execution()->set_workflow_id(workflow_id);
}

// `count` things at most `width` at a time, and their first failure. Thread-safe.
class Phase {
 public:
  Phase(int count, int width, std::function<void(int)> begin)
      : count_(count), width_(width), begin_(std::move(begin)) {}

  absl::Status Run() {
    for (int i = 0; i < width_; ++i) Next();
    absl::MutexLock lock(&mutex_);
    const auto over = [this]()
                          ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return done_ == count_ || !status_.ok(); };
    mutex_.Await(absl::Condition(&over));
    return status_;
  }

  void Done() {
    {
      absl::MutexLock lock(&mutex_);
      ++done_;
    }
    Next();
  }

  void Fail(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    status_.Update(absl::UnavailableError(absl::StrCat(CodeName(status), " ", status.message())));
  }

 private:
  void Next() {
    int index = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (next_ == count_) return;
      index = next_++;
    }
    begin_(index);
  }

  const int count_;
  const int width_;
  const std::function<void(int)> begin_;
  absl::Mutex mutex_;
  int next_ ABSL_GUARDED_BY(mutex_) = 0;
  int done_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

class Opener {
 public:
  Opener(const OpenOptions& options, std::unique_ptr<Client> client)
      : options_(options),
        client_(std::move(client)),
        answerer_(
            *client_, options.runs.task_queue,
            [this](const Answerer::Task& task, Command& command) { return Answer(task, command); },
            [this](const Answerer::Task& task) { (IsFirstTask(task) ? opening_ : heating_).Done(); }),
        opening_(options.runs.count, options.in_flight, [this](int index) { Start(index); }),
        heating_(options.hot, options.in_flight, [this](int index) { Signal(index); }) {}

  absl::StatusOr<absl::Duration> Run() {
    const absl::Time begin = absl::Now();
    answerer_.Begin();
    absl::Status status = opening_.Run();
    if (status.ok()) status = heating_.Run();
    if (!status.ok()) return status;
    return absl::Now() - begin;
  }

 private:
  void Start(int index) {
    auto request = client_->New<api::StartWorkflowExecutionRequest>();
    request.set_workflow_id(Name(options_.runs, index));
    request.set_request_id(request.workflow_id());
    request.mutable_workflow_type()->set_name("open");
    request.mutable_task_queue()->set_name(options_.runs.task_queue);
    client_->Send<api::StartWorkflowExecutionResponse>("StartWorkflowExecution", request, kCallPatience,
                                                       [this](const absl::Status& status, auto&) {
                                                         if (!status.ok()) opening_.Fail(status);
                                                       });
  }

  void Signal(int index) {
    auto request = client_->New<api::SignalWorkflowExecutionRequest>();
    SetExecution(Name(options_.runs, index), request);
    request.set_signal_name("warm");
    client_->Send<api::SignalWorkflowExecutionResponse>("SignalWorkflowExecution", request, kCallPatience,
                                                        [this](const absl::Status& status, auto&) {
                                                          if (!status.ok()) heating_.Fail(status);
                                                        });
  }

  bool Answer(const Answerer::Task& task, Command& command) {
    if (!IsFirstTask(task)) return false;
    int64_t turn = 0;
    {
      absl::MutexLock lock(&mutex_);
      turn = timers_++;
    }
    const double along = static_cast<double>(turn) / std::max(1, options_.runs.count - 1);  // 0 to 1
    const absl::Duration rest = options_.fire_at + options_.spread * (2 * along - 1) - absl::Now();
    command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_START_TIMER);
    auto& timer = *command.mutable_start_timer_command_attributes();
    timer.set_timer_id("far");
    const int64_t millis = std::max<int64_t>(1, absl::ToInt64Milliseconds(rest));
    timer.mutable_start_to_fire_timeout()->set_seconds(millis / 1000);
    timer.mutable_start_to_fire_timeout()->set_nanos(static_cast<int32_t>(millis % 1000) * 1'000'000);
    return true;
  }

  const OpenOptions options_;
  const std::unique_ptr<Client> client_;
  Answerer answerer_;
  Phase opening_;
  Phase heating_;
  absl::Mutex mutex_;
  int64_t timers_ ABSL_GUARDED_BY(mutex_) = 0;
};

class Signaller {
 public:
  Signaller(const SignalOptions& options, std::unique_ptr<Client> client)
      : options_(options),
        client_(std::move(client)),
        answerer_(
            *client_, options.runs.task_queue, [](const Answerer::Task&, Command&) { return false; },
            [](const Answerer::Task&) {}) {}

  std::vector<SignalCall> Run() {
    answerer_.Begin();
    const absl::Time begin = absl::Now();
    const auto calls =
        static_cast<int64_t>(options_.calls_per_second * absl::ToDoubleSeconds(options_.duration));
    for (int64_t i = 0; i < calls; ++i) {
      absl::SleepFor(begin + absl::Seconds(static_cast<double>(i) / options_.calls_per_second) - absl::Now());
      Signal(Name(options_.runs, i % options_.runs.count));
    }
    absl::MutexLock lock(&mutex_);
    const auto all = [this, calls]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return static_cast<int64_t>(calls_.size()) == calls;
    };
    mutex_.Await(absl::Condition(&all));
    return std::move(calls_);
  }

 private:
  void Signal(const std::string& workflow_id) {
    auto request = client_->New<api::SignalWorkflowExecutionRequest>();
    SetExecution(workflow_id, request);
    request.set_signal_name("call");
    const absl::Time begin = absl::Now();
    client_->Send<api::SignalWorkflowExecutionResponse>(
        "SignalWorkflowExecution", request, kCallPatience, [this, begin](const absl::Status& status, auto&) {
          absl::MutexLock lock(&mutex_);
          calls_.push_back({begin, absl::Now() - begin, CodeName(status)});
        });
  }

  const SignalOptions options_;
  const std::unique_ptr<Client> client_;
  Answerer answerer_;
  absl::Mutex mutex_;
  std::vector<SignalCall> calls_ ABSL_GUARDED_BY(mutex_);
};

class Collector {
 public:
  Collector(const RunSet& runs, std::unique_ptr<Client> client)
      : runs_(runs),
        client_(std::move(client)),
        answerer_(
            *client_, runs.task_queue,
            [this](const Answerer::Task& task, Command& command) { return Take(task, command); },
            [](const Answerer::Task&) {}) {}

  std::vector<absl::Time> Run(absl::Duration patience) {
    answerer_.Begin();
    absl::MutexLock lock(&mutex_);
    const auto all = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return static_cast<int>(times_.size()) == runs_.count;
    };
    mutex_.AwaitWithTimeout(absl::Condition(&all), patience);
    return times_;
  }

 private:
  bool Take(const Answerer::Task& task, Command& command) {
    const absl::Time now = absl::Now();
    command.set_command_type(temporal::api::enums::v1::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    command.mutable_complete_workflow_execution_command_attributes();
    absl::MutexLock lock(&mutex_);
    if (seen_.insert(task.workflow_execution().workflow_id()).second) times_.push_back(now);
    return true;
  }

  const RunSet runs_;
  const std::unique_ptr<Client> client_;
  Answerer answerer_;
  absl::Mutex mutex_;
  absl::flat_hash_set<std::string> seen_ ABSL_GUARDED_BY(mutex_);
  std::vector<absl::Time> times_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

// What these make lives until the process ends, as their long polls do.

absl::StatusOr<absl::Duration> OpenRuns(const Target& target, const OpenOptions& options) {
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(target, kConnectPatience);
  if (!client.ok()) return client.status();
  return (new Opener(options, *std::move(client)))->Run();
}

absl::StatusOr<std::vector<SignalCall>> SignalRuns(const Target& target, const SignalOptions& options) {
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(target, kConnectPatience);
  if (!client.ok()) return client.status();
  return (new Signaller(options, *std::move(client)))->Run();
}

absl::StatusOr<std::vector<absl::Time>> CollectRuns(const Target& target, const RunSet& runs,
                                                    absl::Duration patience) {
  absl::StatusOr<std::unique_ptr<Client>> client = Client::Connect(target, kConnectPatience);
  if (!client.ok()) return client.status();
  return (new Collector(runs, *std::move(client)))->Run(patience);
}

}  // namespace perdure::bench
