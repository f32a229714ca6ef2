#include "server/matching/refusal.h"

#include "absl/strings/str_cat.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::server {

bool TaskIsStale(const absl::Status& status) {
  // Decided by the detail, which NotFound in base/status.h attaches: the code alone has other meanings.
  return absl::IsNotFound(status) &&
         status
             .GetPayload(
                 absl::StrCat("type.googleapis.com/",
                              temporal::api::errordetails::v1::NotFoundFailure::descriptor()->full_name()))
             .has_value();
}

}  // namespace perdure::server
