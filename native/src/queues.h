#ifndef FOURNINES_QUEUES_H_
#define FOURNINES_QUEUES_H_

#include <cstdint>
#include <vector>

#include "netlink.h"

namespace fournines {

// Name of the family that request() belongs to; include/uapi/linux/netdev.h.
constexpr const char* kNetdevFamily = "netdev";
// Number of queueCounters in facade.ts: packets, bytes, drops.
constexpr size_t kQueueStride = 3;

// Counters of NIC queues, filled by a dump; column by column as QueueTable in facade.ts. NICs that are down and drivers
// that do not tell have no rows.
class QueueReader final : public DumpReader {
 public:
  std::vector<uint32_t> ifindex;
  // 0 receive, 1 transmit.
  std::vector<uint8_t> direction;
  std::vector<uint32_t> queue;
  std::vector<uint64_t> counters;
  // Bit i: counter i of the row is there.
  std::vector<uint8_t> present;

  // For GenericFamily, which knows the family's number.
  static DumpRequest request();
  void restart() override;
  bool take(const uint8_t* payload, size_t bytes) override;
};

}  // namespace fournines

#endif  // FOURNINES_QUEUES_H_
