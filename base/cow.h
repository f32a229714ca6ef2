// A value that is cheap to copy and is cloned at the first change while another copy exists. Mutable state is
// built of these, so that a checkpoint costs nothing and a step costs what it touches. Not thread-safe: all
// copies belong to one executor.
#pragma once

#include <memory>
#include <utility>

namespace perdure {

template <typename T>
class Cow {
 public:
  Cow() : value_(std::make_shared<T>()) {}
  explicit Cow(T value) : value_(std::make_shared<T>(std::move(value))) {}

  const T& operator*() const { return *value_; }
  const T* operator->() const { return value_.get(); }

  T& Mutable() {
    if (value_.use_count() > 1) value_ = std::make_shared<T>(*value_);
    return *value_;
  }

 private:
  std::shared_ptr<T> value_;
};

}  // namespace perdure
