// Families: parents, their children, and what clients and other workflows do to them meanwhile.
#include <fmt/format.h>

#include <utility>

#include "tests/simulation/plan.h"

namespace perdure::simulation {
namespace {

namespace enums = temporal::api::enums::v1;

Step AnyWork(Random& random) {
  Step step;
  if (Chance(random, 0.5)) {
    step.kind = Step::Kind::kTimer;
    step.duration = absl::Milliseconds(1 + random.Below(8000));
  } else {
    step.kind = Step::Kind::kActivities;
    step.activities.push_back({.failures = static_cast<int>(random.Below(2)), .rare = false});
  }
  return step;
}

enums::ParentClosePolicy AnyPolicy(Random& random) {
  switch (random.Below(3)) {
    case 0:
      return enums::PARENT_CLOSE_POLICY_ABANDON;
    case 1:
      return enums::PARENT_CLOSE_POLICY_REQUEST_CANCEL;
    default:
      return enums::PARENT_CLOSE_POLICY_TERMINATE;
  }
}

Step::Until AnyUntil(Random& random) {
  switch (random.Below(4)) {
    case 0:
      return Step::Until::kInitiated;
    case 1:
      return Step::Until::kStarted;
    default:
      return Step::Until::kEnded;
  }
}

class Families {
 public:
  Families(Random& random, Plan& plan)
      : random_(random),
        plan_(plan),
        // A parent that was lost with its children's initiation cannot end them.
        forgetful_(plan.faults.between_lost_batches != absl::InfiniteDuration()) {}

  void Draw() {
    const size_t parents = 1 + random_.Below(4);
    if (Chance(random_, 0.4)) AddShared();
    const size_t listeners = random_.Below(3);
    for (size_t i = 0; i < listeners; ++i) AddListener(fmt::format("listener-{}", i));
    for (size_t i = 0; i < parents; ++i) AddParent(fmt::format("parent-{}", i));
    const size_t interferences = Chance(random_, 0.6) ? 1 + random_.Below(4) : 0;
    for (size_t i = 0; i < interferences; ++i) AddInterference();
  }

 private:
  // Two families start it.
  void AddShared() {
    WorkflowPlan shared;
    shared.workflow_id = "shared";
    shared.steps.push_back(AnyWork(random_));
    plan_.children.push_back(shared);
    has_shared_ = true;
    shared_once_ = Chance(random_, 0.5);
  }

  void AddListener(const std::string& id) {
    WorkflowPlan listener;
    listener.workflow_id = id;
    listener.signals = 1 + static_cast<int>(random_.Below(3));
    for (int i = 0; i < listener.signals; ++i) listener.steps.push_back({.kind = Step::Kind::kSignal});
    if (Chance(random_, 0.5)) listener.next_runs = 1 + static_cast<int>(random_.Below(3));
    listener.run_timeout = Between(random_, absl::Seconds(5), absl::Seconds(120));
    plan_.parents.push_back(listener);
    targets_.push_back(id);
    listeners_.push_back(id);
  }

  void AddParent(const std::string& id) {
    WorkflowPlan parent;
    parent.workflow_id = id;
    const size_t steps = 1 + random_.Below(3);
    for (size_t i = 0; i < steps; ++i) {
      if (Chance(random_, 0.3)) parent.steps.push_back(AnyWork(random_));
      if (!targets_.empty() && Chance(random_, 0.5)) parent.steps.push_back(AnyTellings(id));
      parent.steps.push_back(AnyChildren(id, 0));
    }
    if (Chance(random_, 0.5)) parent.steps.push_back(AnyTellings(id));
    if (Chance(random_, 0.4)) {
      parent.next_runs = 1 + static_cast<int>(random_.Below(2));
      parent.retried = Chance(random_, 0.4);
    }
    parent.fails = Chance(random_, 0.2);
    if (Chance(random_, 0.2)) parent.run_timeout = Between(random_, absl::Seconds(1), absl::Seconds(40));
    plan_.parents.push_back(parent);
    targets_.push_back(id);
  }

  Step AnyChildren(const std::string& parent, int depth) {
    Step step;
    step.kind = Step::Kind::kChildren;
    step.until = AnyUntil(random_);
    const size_t children = 1 + random_.Below(depth == 0 ? 3 : 2);
    for (size_t i = 0; i < children; ++i) {
      if (has_shared_ && Chance(random_, 0.3)) {
        step.children.push_back(
            {.workflow_id = "shared", .policy = AnyPolicy(random_), .once = shared_once_});
      } else {
        step.children.push_back(AnyChild(parent, depth, step.until));
      }
    }
    return step;
  }

  ChildPlan AnyChild(const std::string& parent, int depth, Step::Until until) {
    WorkflowPlan works;
    works.workflow_id = fmt::format("{}.{}", parent, plan_.children.size());
    ChildPlan child{.workflow_id = works.workflow_id, .policy = AnyPolicy(random_)};
    const bool ends_with_parent = child.policy != enums::PARENT_CLOSE_POLICY_ABANDON;
    if (ends_with_parent && until != Step::Until::kEnded && Chance(random_, 0.5)) {
      works.steps.push_back({.kind = Step::Kind::kForever});
      if (forgetful_) child.run_timeout = Between(random_, absl::Seconds(30), absl::Seconds(90));
    } else {
      DrawWork(works, child, depth);
    }
    targets_.push_back(works.workflow_id);
    plan_.children.push_back(std::move(works));
    return child;
  }

  void DrawWork(WorkflowPlan& works, ChildPlan& child, int depth) {
    const size_t steps = random_.Below(3);
    for (size_t i = 0; i < steps; ++i) works.steps.push_back(AnyWork(random_));
    if (Chance(random_, 0.2)) {
      works.steps.push_back({.kind = Step::Kind::kSignal});
      ++works.signals;
      child.run_timeout = Between(random_, absl::Seconds(5), absl::Seconds(60));
    }
    if (depth == 0 && Chance(random_, 0.15)) works.steps.push_back(AnyChildren(works.workflow_id, 1));
    if (Chance(random_, 0.3)) {
      works.next_runs = 1 + static_cast<int>(random_.Below(2));
      works.retried = child.retried = Chance(random_, 0.5);
    }
    works.fails = Chance(random_, 0.2);
    if (Chance(random_, 0.15)) child.run_timeout = Between(random_, absl::Seconds(1), absl::Seconds(30));
  }

  Step AnyTellings(const std::string& self) {
    Step step;
    step.kind = Step::Kind::kTellings;
    step.until = Chance(random_, 0.3) ? Step::Until::kInitiated : Step::Until::kEnded;
    const size_t tellings = 1 + random_.Below(5);
    // Often many to one: those keep their order.
    std::string target = AnyTarget(self);
    for (size_t i = 0; i < tellings; ++i) {
      if (Chance(random_, 0.4)) target = AnyTarget(self);
      step.tellings.push_back(
          {.workflow_id = target, .cancels = Chance(random_, 0.15), .child_only = Chance(random_, 0.15)});
    }
    return step;
  }

  std::string AnyTarget(const std::string& self) {
    if (Chance(random_, 0.05)) return "nobody";
    if (Chance(random_, 0.05) || targets_.empty()) return self;
    if (!listeners_.empty() && Chance(random_, 0.6)) return listeners_[random_.Below(listeners_.size())];
    return targets_[random_.Below(targets_.size())];
  }

  void AddInterference() {
    InterferencePlan plan;
    plan.after = Between(random_, absl::ZeroDuration(), absl::Seconds(40));
    if (!listeners_.empty() && Chance(random_, 0.4)) {
      plan.kind = InterferencePlan::Kind::kStartsAgain;
      plan.workflow_id = listeners_[random_.Below(listeners_.size())];
    } else {
      plan.kind =
          Chance(random_, 0.6) ? InterferencePlan::Kind::kTerminates : InterferencePlan::Kind::kCancels;
      plan.workflow_id = targets_[random_.Below(targets_.size())];
    }
    plan_.interferences.push_back(std::move(plan));
  }

  Random& random_;
  Plan& plan_;
  const bool forgetful_;
  bool has_shared_ = false;
  bool shared_once_ = false;
  std::vector<std::string> targets_;
  std::vector<std::string> listeners_;
};

}  // namespace

void DrawFamilies(Random& random, Plan& plan) {
  if (Chance(random, 0.6)) Families(random, plan).Draw();
}

}  // namespace perdure::simulation
