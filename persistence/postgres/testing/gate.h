// A gate between the store and PostgreSQL, for tests: a proxy on the loopback that understands the frames of
// the protocol and can stop, lose or hold back a batch, so that what goes wrong goes wrong in a real
// database.
//
// Thread safety: any thread. Everything passes while no order is open. An order concerns the next batch (the
// exchange that executes the store's fencing statement) of any connection, and is then spent.
#pragma once

#include <cstdint>
#include <memory>

namespace perdure::persistence {

class Gate {
 public:
  enum class Order {
    kPass,
    kLoseAnswer,   // the batch gets through and is committed; its client never hears of it
    kLoseBatch,    // nothing of the batch gets through; its client is cut off
    kStallToLand,  // all but the Sync gets through, the client is cut off; Release sends the Sync
    kStallToFail,  // the same; Release ends the connection to the database instead
  };

  explicit Gate(uint16_t postgres_port);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  uint16_t port() const;
  void Give(Order order);
  bool HasStalled() const;
  // Lets a stalled batch go on; nothing happens where none is.
  void Release();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::persistence
