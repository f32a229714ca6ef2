// Handles of series, kept by a key for those who count often, without keeping the series themselves: a set of
// labels that is not used gives its place back while its handles lie here.
// Not thread-safe: belongs to its owner.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/limits.h"
#include "base/text.h"
#include "server/metrics/metrics.h"

namespace perdure::server {

// Label values as a key of a cache.
inline std::string SeriesKey(std::initializer_list<std::string_view> values) {
  constexpr char kSeparator = '\x1f';
  size_t size = values.size();
  for (const std::string_view value : values) size += value.size();
  std::string key;
  key.reserve(size);
  for (const std::string_view value : values) key.append(value).push_back(kSeparator);
  return key;
}

// `Handles` are pointers into what one LabelledMetrics, or several, hold, and has
//   std::array<std::weak_ptr<LabelledMetrics>, N> series;
template <typename Handles>
class SeriesCache {
 public:
  // What is kept under `key`, or what `make` makes when nothing is, or when that has no place of its own.
  // Good until the next call.
  template <typename Make>
  const Handles& Find(std::string_view key, const Make& make) {
    const auto found = kept_.find(AbslView(key));
    if (found == kept_.end()) {
      // Clients choose the keys, so a cache that grows too big begins anew.
      if (kept_.size() >= limits::kMetricSets || bytes_ >= limits::kMetricSetBytes) {
        kept_.clear();
        bytes_ = 0;
      }
      bytes_ += key.size();
      return kept_.emplace(std::string(key), make()).first->second;
    }
    if (!Use(found->second)) found->second = make();
    return found->second;
  }

 private:
  static bool Use(const Handles& handles) {
    bool has_place = true;
    for (const std::weak_ptr<LabelledMetrics>& weak : handles.series) {
      const LabelledMetricsPtr series = weak.lock();
      has_place = series != nullptr && series->Use() && has_place;
    }
    return has_place;
  }

  absl::flat_hash_map<std::string, Handles> kept_;
  size_t bytes_ = 0;  // of the keys
};

}  // namespace perdure::server
