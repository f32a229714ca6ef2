// perdure_sim: runs the simulation for a range of seeds. A failed seed is printed with its plan, and runs
// again, step by step the same, with --first SEED --seeds 1.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <iostream>

#include "spdlog/spdlog.h"
#include "tests/simulation/world.h"

int main(int argc, char** argv) {
  CLI::App app(
      "Runs Perdure's history and matching on virtual time against a faulty store, one world a seed.");
  uint64_t first = 1;
  uint64_t seeds = 500;
  bool twice = false;
  app.add_option("--first", first, "The first seed");
  app.add_option("--seeds", seeds, "How many seeds, from the first one on");
  app.add_flag("--twice", twice, "Run each seed twice and compare: a seed must repeat a run exactly");
  bool verbose = false;
  app.add_flag("--verbose", verbose, "Show the log of the server");
  CLI11_PARSE(app, argc, argv);

  if (!verbose) spdlog::set_level(spdlog::level::off);
  uint64_t failed = 0;
  uint64_t crashes = 0;
  for (uint64_t seed = first; seed < first + seeds; ++seed) {
    perdure::simulation::World world(seed);
    std::vector<std::string> broken = world.Run();
    crashes += world.crashes();
    if (twice) {
      perdure::simulation::World again(seed);
      again.Run();
      if (again.steps() != world.steps()) {
        broken.push_back(
            fmt::format("a second run took {} steps, the first {}", again.steps(), world.steps()));
      }
    }
    if (broken.empty()) continue;
    ++failed;
    std::cout << fmt::format("seed {} failed: {}\n  {}\n", seed, broken.front(),
                             perdure::simulation::Describe(world.plan()));
  }
  std::cout << fmt::format("{} crashes survived\nsimulation: {} passed, {} failed\n", crashes, seeds - failed,
                           failed);
  return failed == 0 ? 0 : 1;
}
