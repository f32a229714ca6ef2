// What a run knows of its updates. An update is admitted when a client asks for it: until a worker has
// accepted it, it is in memory alone, and a crash loses it (its client asks again with the same id). From
// then on its events tell of it: accepted, and in the end completed. One that its worker rejects leaves no
// trace.
//
// Plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "temporal/api/update/v1/message.pb.h"

namespace perdure::engine::workflow {

// No event tells of it.
struct AdmittedUpdate {
  std::shared_ptr<const temporal::api::update::v1::Request> request;  // with its id; never null
  bool sent = false;  // a worker got it with a workflow task, and has not said what becomes of it

  const std::string& id() const { return request->meta().update_id(); }
};

// The events that tell of an update; 0 where there is none.
struct RecordedUpdate {
  int64_t admitted_event_id = 0;  // of one that a reset took over
  int64_t accepted_event_id = 0;
  int64_t completed_event_id = 0;

  bool IsInFlight() const { return completed_event_id == 0; }
};

// How an update ended of which no event tells: a worker has rejected it, or (an error) nobody has decided on
// it, nor will. Whoever waits for it is told so.
struct UpdateEnd {
  std::string update_id;
  absl::StatusOr<temporal::api::failure::v1::Failure> rejection;
};

}  // namespace perdure::engine::workflow
