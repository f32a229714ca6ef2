#include "server/history/admission.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/status.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"

namespace perdure::server {
namespace {

namespace enums = temporal::api::enums::v1;

// The gauges follow the counts in steps, so that they cost nothing on most calls.
constexpr size_t kGaugeStep = 16;

}  // namespace

absl::Status Overloaded(std::string_view what) {
  return ResourceExhausted(what, enums::RESOURCE_EXHAUSTED_CAUSE_SYSTEM_OVERLOADED,
                           enums::RESOURCE_EXHAUSTED_SCOPE_SYSTEM);
}

absl::StatusOr<Admission::Ticket> Admission::Admit(Importance importance, size_t bytes) {
  const bool answer = importance != Importance::kCall;
  const size_t calls = calls_.fetch_add(1, std::memory_order_relaxed) + 1;
  const size_t total = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  Ticket ticket(this, bytes);
  if (calls > (answer ? limits::kWaitingAnswers : limits::kWaitingCalls) ||
      total > (answer ? limits::kWaitingAnswerBytes : limits::kWaitingCallBytes)) {
    refused_.Add();
    return Overloaded("too many calls wait for the store");
  }
  Show(calls, total);
  return ticket;
}

Admission::~Admission() { PERDURE_CHECK(calls_ == 0, "an admission outlives its tickets"); }

void Admission::Leave(size_t bytes) {
  const size_t calls = calls_.fetch_sub(1, std::memory_order_relaxed) - 1;
  Show(calls, bytes_.fetch_sub(bytes, std::memory_order_relaxed) - bytes);
}

void Admission::Show(size_t calls, size_t bytes) {
  if (calls % kGaugeStep != 0) return;
  waiting_.Set(static_cast<double>(calls));
  waiting_bytes_.Set(static_cast<double>(bytes));
}

}  // namespace perdure::server
