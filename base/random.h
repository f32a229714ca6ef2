// The only source of randomness. Production seeds it from the operating system; the simulation from its seed.
// Not thread-safe: each executor owns one.
#pragma once

#include <cstdint>

namespace perdure {

class Random {
 public:
  virtual ~Random() = default;
  virtual uint64_t Next() = 0;

  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint64_t Below(uint64_t bound) { return Next() % bound; }
  // Uniform in [0, 1).
  double Fraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }
};

}  // namespace perdure
