// Finds the row of a table by the number of what it is about, where such numbers are few and small: an index
// made at compile time. Immutable; safe from any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>

namespace perdure::engine::workflow {

// kNumbers: a number that is not below it has no row. A row beyond that, or beyond 127, does not compile.
template <size_t kNumbers>
class RowIndex {
 public:
  template <typename Rows, typename NumberOf>
  constexpr RowIndex(const Rows& rows, NumberOf number_of) {
    for (int8_t& place : places_) place = -1;
    static_assert(std::tuple_size_v<Rows> <= INT8_MAX);
    for (size_t i = 0; i < rows.size(); ++i) {
      places_.at(static_cast<size_t>(number_of(rows.at(i)))) = static_cast<int8_t>(i);
    }
  }

  // Null when there is none. `rows`: those that the index was made of.
  template <typename Rows>
  constexpr const typename Rows::value_type* Find(const Rows& rows, int number) const {
    const auto place = static_cast<size_t>(number);
    if (place >= kNumbers || places_.at(place) < 0) return nullptr;
    return &rows.at(static_cast<size_t>(places_.at(place)));
  }

 private:
  std::array<int8_t, kNumbers> places_{};
};

}  // namespace perdure::engine::workflow
