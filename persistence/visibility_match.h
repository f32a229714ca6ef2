// What a list filter means, evaluated on one row. SQL stores say the same in their own words
// (visibility_sql.h).
#pragma once

#include "base/check.h"
#include "persistence/visibility_query.h"

namespace perdure::persistence {

// REQUIRES: a comparison of two values, neither a prefix's nor a null's.
template <typename T>
bool Compare(const T& left, Comparison comparison, const T& right) {
  switch (comparison) {
    case Comparison::kEqual:
      return left == right;
    case Comparison::kNotEqual:
      return left != right;
    case Comparison::kLess:
      return left < right;
    case Comparison::kLessOrEqual:
      return left <= right;
    case Comparison::kGreater:
      return left > right;
    case Comparison::kGreaterOrEqual:
      return left >= right;
    case Comparison::kStartsWith:
    case Comparison::kNotStartsWith:
    case Comparison::kIsNull:
    case Comparison::kIsNotNull:
      break;
  }
  PERDURE_CHECK(false, "not a comparison of two values");
}

bool Matches(const RunKey& key, const ExecutionRow& row, const Filter& filter);
// Whether the row matches the query's filter, kind and shard.
bool Matches(const RunKey& key, const ExecutionRow& row, const VisibilityQuery& query);

}  // namespace perdure::persistence
