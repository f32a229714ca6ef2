// How the payloads of each type of event are counted that clients keep elsewhere (external_payloads.h).
//
// Pure functions; a counter is used by one thread.
#pragma once

#include <cstdint>

#include "engine/values/payload.h"
#include "engine/workflow/run/external_payloads.h"
#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::engine::workflow {

class PayloadCounter {
 public:
  ExternalPayloads counted() const { return {count_, static_cast<int64_t>(size_bytes_)}; }

  void Add(const temporal::api::common::v1::Payload& payload);
  void Add(const temporal::api::common::v1::Payloads& payloads);
  void Add(const PayloadMap& fields);
  // However deep its causes nest.
  void Add(const temporal::api::failure::v1::Failure& failure);

 private:
  int64_t count_ = 0;
  uint64_t size_bytes_ = 0;
};

// One function a type of event that holds payloads; the rows of event_table.h name them. Search attributes do
// not count. external_payloads.cc
namespace payloads_of {

using temporal::api::history::v1::HistoryEvent;

void ExecutionStarted(const HistoryEvent& event, PayloadCounter& counter);
void ExecutionSignaled(const HistoryEvent& event, PayloadCounter& counter);
void ExecutionCompleted(const HistoryEvent& event, PayloadCounter& counter);
void ExecutionFailed(const HistoryEvent& event, PayloadCounter& counter);
void ExecutionCanceled(const HistoryEvent& event, PayloadCounter& counter);
void ExecutionTerminated(const HistoryEvent& event, PayloadCounter& counter);
void PropertiesModified(const HistoryEvent& event, PayloadCounter& counter);
void MarkerRecorded(const HistoryEvent& event, PayloadCounter& counter);
void UpdateAdmitted(const HistoryEvent& event, PayloadCounter& counter);
void UpdateAccepted(const HistoryEvent& event, PayloadCounter& counter);
void UpdateCompleted(const HistoryEvent& event, PayloadCounter& counter);
void ChildInitiated(const HistoryEvent& event, PayloadCounter& counter);
void ChildStarted(const HistoryEvent& event, PayloadCounter& counter);
void ChildCompleted(const HistoryEvent& event, PayloadCounter& counter);
void ChildFailed(const HistoryEvent& event, PayloadCounter& counter);
void ChildCanceled(const HistoryEvent& event, PayloadCounter& counter);
void SignalInitiated(const HistoryEvent& event, PayloadCounter& counter);
void WorkflowTaskFailed(const HistoryEvent& event, PayloadCounter& counter);
void ActivityScheduled(const HistoryEvent& event, PayloadCounter& counter);
void ActivityStarted(const HistoryEvent& event, PayloadCounter& counter);
void ActivityCompleted(const HistoryEvent& event, PayloadCounter& counter);
void ActivityFailed(const HistoryEvent& event, PayloadCounter& counter);
void ActivityTimedOut(const HistoryEvent& event, PayloadCounter& counter);
void ActivityCanceled(const HistoryEvent& event, PayloadCounter& counter);

}  // namespace payloads_of

}  // namespace perdure::engine::workflow
