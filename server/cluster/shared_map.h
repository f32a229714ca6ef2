// A map that is never changed: With and Without make another one, which shares all but one path with it. So
// a change costs the same however many entries there are (up to some ten thousand), and who holds the map
// sees it as it was.
//
// Thread safety: a value; copies share what they hold, which nobody changes. Order of entries: none.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"

namespace perdure::server {

template <typename Key, typename Value>
class SharedMap {
 public:
  // Null where there is none. Good as long as a map that has the entry.
  const Value* Find(const Key& key) const {
    const Place place = PlaceOf(key);
    const BranchPtr& branch = branches_[place.branch];
    const Leaf* leaf = branch == nullptr ? nullptr : (*branch)[place.leaf].get();
    if (leaf == nullptr) return nullptr;
    for (const auto& [stored, value] : *leaf) {
      if (stored == key) return &value;
    }
    return nullptr;
  }
  bool Contains(const Key& key) const { return Find(key) != nullptr; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // With the entry, in place of one of the same key.
  SharedMap With(Key key, Value value) const {
    SharedMap changed = Without(key);
    Leaf& leaf = changed.OwnLeaf(PlaceOf(key));
    leaf.emplace_back(std::move(key), std::move(value));
    ++changed.size_;
    return changed;
  }
  SharedMap Without(const Key& key) const {
    SharedMap changed = *this;
    if (!Contains(key)) return changed;
    std::erase_if(changed.OwnLeaf(PlaceOf(key)), [&](const auto& entry) { return entry.first == key; });
    --changed.size_;
    return changed;
  }

  // `visit` takes (const Key&, const Value&).
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const BranchPtr& branch : branches_) {
      if (branch == nullptr) continue;
      for (const LeafPtr& leaf : *branch) {
        if (leaf == nullptr) continue;
        for (const auto& [key, value] : *leaf) visit(key, value);
      }
    }
  }

 private:
  static constexpr size_t kFan = 32;
  using Leaf = std::vector<std::pair<Key, Value>>;
  using LeafPtr = std::shared_ptr<const Leaf>;
  using Branch = std::array<LeafPtr, kFan>;
  using BranchPtr = std::shared_ptr<const Branch>;
  struct Place {
    size_t branch = 0;
    size_t leaf = 0;
  };

  static Place PlaceOf(const Key& key) {
    const size_t hash = absl::Hash<Key>()(key);
    return {hash % kFan, hash / kFan % kFan};
  }
  // A copy of the leaf, and of the branch it hangs on, that only this map has.
  Leaf& OwnLeaf(Place place) {
    BranchPtr& branch = branches_[place.branch];
    const auto own = branch == nullptr ? std::make_shared<Branch>() : std::make_shared<Branch>(*branch);
    LeafPtr& leaf = (*own)[place.leaf];
    const auto own_leaf = leaf == nullptr ? std::make_shared<Leaf>() : std::make_shared<Leaf>(*leaf);
    leaf = own_leaf;
    branch = own;
    return *own_leaf;
  }

  std::array<BranchPtr, kFan> branches_;
  size_t size_ = 0;
};

}  // namespace perdure::server
