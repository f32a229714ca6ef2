#include "engine/workflow/payload.h"

#include <string_view>

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace perdure::engine::workflow {

bool IsNilPayload(const temporal::api::common::v1::Payload& payload) {
  return payload.data().empty() || payload.data() == "null" || payload.data() == "[]";
}

void MergePayloads(const PayloadMap& updates, PayloadMap& target) {
  for (const auto& [key, payload] : updates) {
    if (IsNilPayload(payload)) {
      target.erase(key);
    } else {
      target[key] = payload;
    }
  }
}

size_t PayloadMapSize(const PayloadMap& fields) {
  size_t size = 0;
  for (const auto& [key, payload] : fields) size += key.size() + payload.data().size();
  return size;
}

temporal::api::common::v1::Payloads JsonStringPayloads(std::string_view text) {
  google::protobuf::Value value;
  value.set_string_value(std::string(text));
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(value, &json);
  temporal::api::common::v1::Payloads payloads;
  auto* payload = payloads.add_payloads();
  (*payload->mutable_metadata())["encoding"] = "json/plain";
  payload->set_data(json);
  return payloads;
}

}  // namespace perdure::engine::workflow
