// perdure_sim: runs the simulation for a range of seeds. A failed seed is printed with its plan, and runs
// again, step by step the same, with --first SEED --seeds 1.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "spdlog/spdlog.h"
#include "tests/simulation/takeovers.h"
#include "tests/simulation/two_nodes.h"
#include "tests/simulation/world.h"

namespace {

struct Outcome {
  std::vector<std::string> broken;
  std::string plan;
  uint64_t steps = 0;
  uint64_t crashes = 0;
};

uint64_t CrashesOf(const perdure::simulation::World& world) { return world.crashes(); }
uint64_t CrashesOf(const perdure::simulation::Takeovers& world) { return world.takeovers(); }
uint64_t CrashesOf(const perdure::simulation::TwoNodes& world) { return world.moves(); }
std::string PlanOf(const perdure::simulation::World& world) { return Describe(world.plan()); }
std::string PlanOf(const perdure::simulation::Takeovers& world) { return world.Description(); }
std::string PlanOf(const perdure::simulation::TwoNodes& world) { return world.Description(); }

template <typename World>
Outcome RunSeed(uint64_t seed, bool whole) {
  World world(seed, whole);
  std::vector<std::string> broken = world.Run();
  return {std::move(broken), PlanOf(world), world.steps(), CrashesOf(world)};
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Runs Perdure's history and matching on virtual time against a faulty store, one world a seed.");
  uint64_t first = 1;
  uint64_t seeds = 500;
  bool twice = false;
  app.add_option("--first", first, "The first seed");
  app.add_option("--seeds", seeds, "How many seeds, from the first one on");
  std::vector<uint64_t> also;
  app.add_option("--also", also, "Further seeds, which are run after those");
  app.add_flag("--twice", twice, "Run each seed twice and compare: a seed must repeat a run exactly");
  bool verbose = false;
  app.add_flag("--verbose", verbose, "Show the log of the server");
  bool takeovers = false;
  app.add_flag("--takeovers", takeovers, "Two processes that own all shards in turn, instead of one");
  bool two_nodes = false;
  app.add_flag("--two-nodes", two_nodes, "Two nodes that share the shards, and call each other")
      ->excludes("--takeovers");
  bool whole = false;
  app.add_flag("--whole", whole, "With families, activities on their own and counters");
  CLI11_PARSE(app, argc, argv);

  if (!verbose) spdlog::set_level(spdlog::level::off);
  uint64_t failed = 0;
  uint64_t crashes = 0;
  const auto run = [takeovers, two_nodes, whole](uint64_t seed) {
    if (two_nodes) return RunSeed<perdure::simulation::TwoNodes>(seed, whole);
    return takeovers ? RunSeed<perdure::simulation::Takeovers>(seed, whole)
                     : RunSeed<perdure::simulation::World>(seed, whole);
  };
  std::vector<uint64_t> wanted(seeds);
  std::iota(wanted.begin(), wanted.end(), first);
  wanted.insert(wanted.end(), also.begin(), also.end());
  for (const uint64_t seed : wanted) {
    Outcome outcome = run(seed);
    crashes += outcome.crashes;
    if (twice) {
      const uint64_t again = run(seed).steps;
      if (again != outcome.steps) {
        outcome.broken.push_back(
            fmt::format("a second run took {} steps, the first {}", again, outcome.steps));
      }
    }
    if (outcome.broken.empty()) continue;
    ++failed;
    std::cout << fmt::format("seed {} failed: {}\n  {}\n", seed, outcome.broken.front(), outcome.plan);
  }
  std::cout << fmt::format("{} {}\nsimulation: {} passed, {} failed\n", crashes,
                           two_nodes   ? "parts taken"
                           : takeovers ? "takeovers"
                                       : "crashes survived",
                           wanted.size() - failed, failed);
  return failed == 0 ? 0 : 1;
}
