// What one executor lets in: calls that would wait too long are refused before anything is done, workers'
// answers last. Thread safety: any thread. Admission outlives its tickets.
#pragma once

#include <atomic>
#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

// RESOURCE_EXHAUSTED with the cause that clients back off for.
absl::Status Overloaded(std::string_view what);

class Admission {
 public:
  enum class Importance {
    kCall,     // starts, signals, polls, reads
    kAnswer,   // what a worker did
    kMessage,  // what another entity owes: it would come again
  };

  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;
  Admission(Gauge& waiting, Gauge& waiting_bytes, Counter& refused)
      : waiting_(waiting), waiting_bytes_(waiting_bytes), refused_(refused) {}

  // A call's place among those that wait; given back at its end.
  class Ticket {
   public:
    Ticket(Admission* admission, size_t bytes) : admission_(admission), bytes_(bytes) {}
    Ticket(Ticket&& other) noexcept
        : admission_(std::exchange(other.admission_, nullptr)), bytes_(other.bytes_) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (admission_ != nullptr) admission_->Leave(bytes_);
    }

   private:
    Admission* admission_;
    size_t bytes_;
  };
  absl::StatusOr<Ticket> Admit(Importance importance, size_t bytes);

 private:
  void Leave(size_t bytes);
  void Show(size_t calls, size_t bytes);

  Gauge& waiting_;
  Gauge& waiting_bytes_;
  Counter& refused_;
  std::atomic<size_t> calls_ = 0;
  std::atomic<size_t> bytes_ = 0;
};

}  // namespace perdure::server
