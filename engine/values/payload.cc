#include "engine/values/payload.h"

#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "nlohmann/json.hpp"

namespace perdure::engine {
namespace {

temporal::api::common::v1::Payload AttributePayload(const char* type, const nlohmann::json& value) {
  temporal::api::common::v1::Payload payload;
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  (*payload.mutable_metadata())["type"] = type;
  payload.set_data(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return payload;
}

}  // namespace

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

temporal::api::common::v1::Payload IntPayload(int64_t number) { return AttributePayload("Int", number); }

temporal::api::common::v1::Payload KeywordPayload(const std::string& word) {
  return AttributePayload("Keyword", word);
}

temporal::api::common::v1::Payload KeywordListPayload(const std::vector<std::string>& words) {
  return AttributePayload("KeywordList", words);
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

}  // namespace perdure::engine
