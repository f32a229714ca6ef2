// Maps of payloads: memo and search attributes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/map.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::engine {

using PayloadMap = google::protobuf::Map<std::string, temporal::api::common::v1::Payload>;

// No data, or JSON's null or []: takes a key away.
bool IsNilPayload(const temporal::api::common::v1::Payload& payload);

// Puts `updates` over `target`; a nil payload removes its key.
void MergePayloads(const PayloadMap& updates, PayloadMap& target);

// The sizes that limits count: of keys and data, without metadata.
size_t PayloadMapSize(const PayloadMap& fields);

// Search attributes of the types Int, Keyword and KeywordList. What is no UTF-8 in them is replaced.
temporal::api::common::v1::Payload IntPayload(int64_t number);
temporal::api::common::v1::Payload KeywordPayload(const std::string& word);
temporal::api::common::v1::Payload KeywordListPayload(const std::vector<std::string>& words);

// A text as the real server puts it into event details: one JSON string.
temporal::api::common::v1::Payloads JsonStringPayloads(std::string_view text);

}  // namespace perdure::engine
