// absl::Time and absl::Duration to and from google.protobuf's: the one place.
// Values; safe anywhere. Both forms hold nanoseconds, so that a value within protobuf's range survives the
// way there and back; beyond the range (years 1 to 9999, 10,000 years) it is clamped.
#pragma once

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace perdure {

google::protobuf::Timestamp ToProto(absl::Time time);
google::protobuf::Duration ToProto(absl::Duration duration);

absl::Time FromProto(const google::protobuf::Timestamp& time);
absl::Duration FromProto(const google::protobuf::Duration& duration);

}  // namespace perdure
