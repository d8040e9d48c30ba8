#include "queues.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "attributes.h"

namespace fournines {

namespace {

// Numbers of include/uapi/linux/netdev.h as of Linux 6.10, which they have been since each came (the family's command
// in 6.9, drops in 6.10). Written down here: headers of older distributions do not have them.
constexpr uint8_t kQstatsGet = 12;  // NETDEV_CMD_QSTATS_GET
constexpr uint32_t kQueueScope = 1;  // NETDEV_QSTATS_SCOPE_QUEUE
// NETDEV_A_QSTATS_...
enum QstatsAttribute : uint16_t {
  kIfindex = 1,
  kQueueType = 2,
  kQueueId = 3,
  kScope = 4,
  kRxPackets = 8,
  kRxBytes = 9,
  kTxPackets = 10,
  kTxBytes = 11,
  kRxHwDrops = 13,
  kTxHwDrops = 24,
};
// NETDEV_QUEUE_TYPE_RX and _TX: row of kCounters.
constexpr uint32_t kDirections = 2;
constexpr uint16_t kCounters[kDirections][kQueueStride] = {
    {kRxPackets, kRxBytes, kRxHwDrops},
    {kTxPackets, kTxBytes, kTxHwDrops},
};
constexpr uint16_t kAttributeMax = kTxHwDrops;

}  // namespace

DumpRequest QueueReader::request() {
  DumpRequest request = {"NETDEV_CMD_QSTATS_GET", 0, 0, GENL_HDRLEN + NLA_HDRLEN + sizeof(kQueueScope)};
  genlmsghdr header = {};
  header.cmd = kQstatsGet;
  header.version = 1;
  nlattr scope = {};
  scope.nla_type = kScope;
  scope.nla_len = NLA_HDRLEN + sizeof(kQueueScope);
  uint8_t* const payload = request.payload.data();
  memcpy(payload, &header, sizeof(header));
  memcpy(payload + GENL_HDRLEN, &scope, sizeof(scope));
  memcpy(payload + GENL_HDRLEN + NLA_HDRLEN, &kQueueScope, sizeof(kQueueScope));
  return request;
}

void QueueReader::restart() {
  ifindex.clear();
  direction.clear();
  queue.clear();
  counters.clear();
  present.clear();
}

bool QueueReader::take(const uint8_t* payload, size_t bytes) {
  genlmsghdr header;
  if (bytes < GENL_HDRLEN) return false;
  memcpy(&header, payload, sizeof(header));
  if (header.cmd != kQstatsGet) return false;
  Attribute known[kAttributeMax + 1];
  Attributes attributes(payload + GENL_HDRLEN, bytes - GENL_HDRLEN);
  Attribute attribute;
  while (attributes.next(&attribute)) {
    if (attribute.type <= kAttributeMax) known[attribute.type] = attribute;
  }
  uint32_t nic = 0;
  uint32_t type = 0;
  uint32_t number = 0;
  // One that is not there has no bytes, so is no number either.
  if (!known[kIfindex].toUint32(&nic) || !known[kQueueType].toUint32(&type) || !known[kQueueId].toUint32(&number)) {
    return false;
  }
  // A kind of queue that only newer kernels have.
  if (type >= kDirections) return true;
  uint64_t values[kQueueStride] = {};
  uint8_t bits = 0;
  for (size_t i = 0; i < kQueueStride; i++) {
    const Attribute& counter = known[kCounters[type][i]];
    if (counter.data == nullptr) continue;
    if (!counter.toUint64(&values[i])) return false;
    bits = static_cast<uint8_t>(bits | 1u << i);
  }
  ifindex.push_back(nic);
  direction.push_back(static_cast<uint8_t>(type));
  queue.push_back(number);
  counters.insert(counters.end(), values, values + kQueueStride);
  present.push_back(bits);
  return true;
}

}  // namespace fournines
