// A worker process of the simulation: long polls of both kinds, and answers that are sometimes late, doubled,
// wrong or never given. Not thread-safe: the simulation is one thread.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/functional/any_invocable.h"
#include "base/executor.h"
#include "base/ids.h"
#include "engine/activity/request.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/network.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/program.h"

namespace perdure::simulation {

class Worker {
 public:
  // All outlive the worker. `name`: its own, where there are others.
  Worker(const Plan& plan, const Uuid& namespace_id, Executor& executor, Random& random, Network& network,
         Journal& journal, const std::string& name = "worker");

  void StartPolling();
  // From now on the rare queue is polled too.
  void PollRareQueue() { PollActivity(kRareQueue); }
  void StopFaults() { stopped_ = true; }

 private:
  using History = temporal::api::history::v1::History;

  bool Chance(double chance) { return !stopped_ && random_.Fraction() < chance; }

  void PollWorkflow(bool sticky);
  void PollActivity(const std::string& queue);
  void Again(absl::AnyInvocable<void() &&> poll, bool at_once);

  // Answers how many signals it sees in the history that it has; not at all where it has not all of it.
  void OnQuery(const server::PolledQuery& query);
  void OnWorkflowTask(engine::workflow::WorkflowTaskReply task);
  // Completes `history` page by page, then answers.
  void ReadRest(engine::workflow::WorkflowTaskReply task, std::string events);
  void AnswerWorkflowTask(const engine::workflow::WorkflowTaskReply& task, const std::string& events);
  void Complete(const server::RunRef& run, engine::workflow::CompleteWorkflowTask completion);

  void OnActivityTask(const std::string& queue, const engine::workflow::ActivityTaskReply& task);
  void AnswerActivity(const engine::workflow::ActivityTaskReply& task, bool fail);
  void OnLoneTask(const engine::workflow::ActivityTaskReply& task);
  // Beats so often, a second apart, and then answers as planned.
  void Beat(const engine::workflow::ActivityTaskReply& task, int beats);
  void AnswerLone(const engine::workflow::ActivityTaskReply& task);
  void SendLone(const engine::workflow::ActivityTaskReply& task, engine::activity::Request request);

  void Send(const server::RunRef& run, engine::workflow::Request request);
  // Runs `answer` now, or later than the task's timeout, or twice, or never.
  void Answer(double drop, const std::function<void()>& answer);

  const Plan& plan_;
  const Uuid namespace_id_;
  Executor& executor_;
  Random& random_;
  Network& network_;
  Journal& journal_;
  const std::string sticky_queue_;  // nobody else polls it: it is where what is in the cache goes on
  bool stopped_ = false;
  std::map<std::string, const WorkflowPlan*> plans_;
  std::map<std::string, const LoneActivityPlan*> lone_plans_;
  std::map<Uuid, std::string> cache_;  // framed events of runs on the sticky queue
};

}  // namespace perdure::simulation
