// xoshiro256** (Blackman and Vigna, public domain), seeded through splitmix64 as its authors advise.
#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <memory>

#include "base/event_loop.h"

namespace perdure {
namespace {

constexpr uint64_t RotateLeft(uint64_t value, int by) { return (value << by) | (value >> (64 - by)); }

class Xoshiro final : public Random {
 public:
  explicit Xoshiro(std::array<uint64_t, 4> state) : state_(state) {}

  uint64_t Next() override {
    const uint64_t result = RotateLeft(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = RotateLeft(state_[3], 45);
    return result;
  }

 private:
  std::array<uint64_t, 4> state_;
};

uint64_t SplitMix(uint64_t& seed) {
  seed += 0x9e3779b97f4a7c15;
  uint64_t mixed = seed;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

}  // namespace

std::unique_ptr<Random> NewSystemRandom() {
  std::array<uint64_t, 4> state{};
  // Up to 256 bytes come whole once the pool is initialized; only a signal before that can cut the call
  // short.
  ssize_t got = -1;
  while (got != static_cast<ssize_t>(sizeof(state))) got = getrandom(state.data(), sizeof(state), 0);
  return std::make_unique<Xoshiro>(state);
}

std::unique_ptr<Random> NewSeededRandom(uint64_t seed) {
  std::array<uint64_t, 4> state{};
  for (uint64_t& word : state) word = SplitMix(seed);
  return std::make_unique<Xoshiro>(state);
}

}  // namespace perdure
