// Between entities: copies of messages pass as bytes from process to process, and some are lost, come twice
// or late, also to a process that took the shards over meanwhile; some answers are lost. Not thread-safe: the
// simulation is one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/random.h"
#include "server/history/local_messages.h"
#include "tests/simulation/plan.h"

namespace perdure::simulation {

class Copies final : public server::MessageCarrier {
 public:
  // All outlive it.
  Copies(Executor& executor, const FaultPlan& plan, Random& random)
      : executor_(executor), plan_(plan), random_(random) {}

  // A process's part of history is there, until Disconnect.
  void Connect(server::History& history) { processes_[&history] = ++last_process_; }
  void Disconnect(server::History& history) { processes_.erase(&history); }
  void StopFaults() { stopped_ = true; }

  void Carry(server::History& to, perdure::engine::Delivery delivery,
             server::Callback<perdure::engine::DeliveryAnswers> done) override;

 private:
  using Done = std::shared_ptr<server::Callback<perdure::engine::DeliveryAnswers>>;
  // Whose copy it is, and who waits for its answer; null: nobody.
  struct Copy {
    std::string bytes;
    server::History* from = nullptr;
    uint64_t process = 0;
    Done done;
  };

  bool Chance(double chance) { return !stopped_ && random_.Fraction() < chance; }
  void Send(Copy copy, bool late);
  void Arrive(const Copy& copy);
  bool Lives(const Copy& copy) const;

  Executor& executor_;
  const FaultPlan& plan_;
  Random& random_;
  std::map<server::History*, uint64_t> processes_;
  uint64_t last_process_ = 0;
  bool stopped_ = false;
};

}  // namespace perdure::simulation
