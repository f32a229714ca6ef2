#include "persistence/memory/node_leases.h"

#include <algorithm>

#include "absl/container/btree_set.h"

namespace perdure::persistence {

LeaseAnswer NodeLeases::Renew(const NodeRow& node, absl::Time now, absl::Duration duration) {
  Row& own = RowOf(node, now);
  if (own.term > 0 && own.expires > now) {
    own.expires = now + duration;
    return Held(own);
  }
  own.term = 0;
  Row* owner = Owner();
  if (!own.lost) {
    own.expires = now + duration;
    const bool named_alike = owner != nullptr && owner->node.name == own.node.name;
    if (owner != nullptr &&
        (owner->expires <= now || (named_alike && owner->started < own.started && !own.waits))) {
      owner->term = 0;
      owner = nullptr;
    }
    if (owner == nullptr) {
      own.term = owner_.term + 1;
      owner_ = {node.incarnation, own.term};
      return Held(own);
    }
    if (named_alike && owner->started > own.started) own.lost = own.expires = now;
  }
  LeaseAnswer answer;
  answer.lost = own.lost.has_value();
  answer.waits = own.waits;
  answer.first_writer = own.first_writer;
  if (owner != nullptr) answer.owner = LeaseAnswer::Other{owner->node, owner->started};
  return answer;
}

NodeLeases::Row& NodeLeases::RowOf(const NodeRow& node, absl::Time now) {
  if (const auto found = rows_.find(node.incarnation); found != rows_.end()) return found->second;
  absl::erase_if(rows_, [now](const auto& row) { return row.second.expires < now - kNodeRowsKept; });
  Row row{.node = node,
          .started = now,
          .expires = now,
          .term = 0,
          .lost = {},
          .waits = false,
          .first_writer = WritersFor(node)};
  row.waits = IsFoughtFor(node.name, now);
  // Later than those of the name before it, whatever the clock says.
  for (const auto& [incarnation, other] : rows_) {
    if (other.node.name == node.name)
      row.started = std::max(row.started, other.started + absl::Microseconds(1));
  }
  return rows_.emplace(node.incarnation, row).first->second;
}

LeaseAnswer NodeLeases::Held(const Row& own) {
  return {.tenure = Tenure{own.node.incarnation, own.term},
          .owner = {},
          .lost = false,
          .waits = own.waits,
          .first_writer = own.first_writer};
}

uint32_t NodeLeases::WritersFor(const NodeRow& node) const {
  absl::btree_set<uint32_t> taken;
  for (const auto& [incarnation, row] : rows_) taken.insert(row.first_writer);
  if (node.first_writer > 0 && !taken.contains(node.first_writer)) return node.first_writer;
  uint32_t lowest = 1;
  while (taken.contains(lowest)) lowest += kWritersOfANode;
  return lowest;
}

bool NodeLeases::IsFoughtFor(const std::string& name, absl::Time now) const {
  return std::count_if(rows_.begin(), rows_.end(), [&](const auto& entry) {
           const Row& row = entry.second;
           return row.node.name == name && row.lost && *row.lost > now - kNameFightWindow;
         }) >= kNameFights;
}

NodeLeases::Row* NodeLeases::Owner() {
  for (auto& [incarnation, row] : rows_) {
    if (row.term > 0) return &row;
  }
  return nullptr;
}

void NodeLeases::End(const Uuid& incarnation) {
  const auto found = rows_.find(incarnation);
  // A loss is remembered: those who come after it count it.
  if (found != rows_.end() && !found->second.lost) rows_.erase(found);
}

}  // namespace perdure::persistence
