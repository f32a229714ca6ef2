#include "server/cli/search_attribute_flags.h"

#include <fmt/format.h>

namespace perdure::server {

absl::StatusOr<SearchAttributeTypes> ParseSearchAttributes(const std::vector<std::string>& pairs) {
  using namespace temporal::api::enums::v1;  // NOLINT(google-build-using-namespace): INDEXED_VALUE_TYPE_*
  static const SearchAttributeTypes kTypes = {{"Text", INDEXED_VALUE_TYPE_TEXT},
                                              {"Keyword", INDEXED_VALUE_TYPE_KEYWORD},
                                              {"Int", INDEXED_VALUE_TYPE_INT},
                                              {"Double", INDEXED_VALUE_TYPE_DOUBLE},
                                              {"Bool", INDEXED_VALUE_TYPE_BOOL},
                                              {"Datetime", INDEXED_VALUE_TYPE_DATETIME},
                                              {"KeywordList", INDEXED_VALUE_TYPE_KEYWORD_LIST}};
  SearchAttributeTypes attributes;
  for (const std::string& pair : pairs) {
    const size_t equals = pair.find('=');
    const auto type = equals == std::string::npos ? kTypes.end() : kTypes.find(pair.substr(equals + 1));
    if (type == kTypes.end() || equals == 0) {
      return absl::InvalidArgumentError(
          fmt::format("search attribute \"{}\": write NAME=TYPE with a type of Text, Keyword, Int, Double, "
                      "Bool, Datetime, "
                      "KeywordList",
                      pair));
    }
    attributes[pair.substr(0, equals)] = type->second;
  }
  return attributes;
}

}  // namespace perdure::server
