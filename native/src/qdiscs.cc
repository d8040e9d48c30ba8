#include "qdiscs.h"

#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>

#include "attributes.h"

namespace fournines {

namespace {

// Copies the 32-bit counter at `offset`; false when the attribute ends before it.
bool readAt(const Attribute& attribute, size_t offset, uint32_t* value) {
  if (attribute.bytes < offset + sizeof(*value)) return false;
  memcpy(value, attribute.data + offset, sizeof(*value));
  return true;
}

bool readQueueDrops(const Attribute& nest, uint32_t* drops) {
  Attributes attributes(nest);
  Attribute attribute;
  while (attributes.next(&attribute)) {
    if (attribute.type == TCA_STATS_QUEUE) return readAt(attribute, offsetof(gnet_stats_queue, drops), drops);
  }
  return false;
}

}  // namespace

DumpRequest QdiscReader::request() { return {"RTM_GETQDISC", RTM_GETQDISC, RTM_NEWQDISC, sizeof(tcmsg)}; }

void QdiscReader::restart() {
  ifindex.clear();
  handle.clear();
  parent.clear();
  kinds.clear();
  drops.clear();
}

bool QdiscReader::take(const uint8_t* payload, size_t bytes) {
  tcmsg header;
  if (bytes < sizeof(header)) return false;
  memcpy(&header, payload, sizeof(header));
  Attribute kind;
  Attribute stats;
  Attribute stats2;
  const size_t headerBytes = NLMSG_ALIGN(sizeof(header));
  Attributes attributes(payload + headerBytes, bytes - headerBytes);
  Attribute attribute;
  while (attributes.next(&attribute)) {
    if (attribute.type == TCA_KIND) kind = attribute;
    if (attribute.type == TCA_STATS) stats = attribute;
    if (attribute.type == TCA_STATS2) stats2 = attribute;
  }
  if (kind.data == nullptr) return false;
  uint32_t dropped = 0;
  const bool isKnown = (stats2.data != nullptr && readQueueDrops(stats2, &dropped)) ||
                       (stats.data != nullptr && readAt(stats, offsetof(tc_stats, drops), &dropped));
  // A discipline that keeps no count has no row: unknown is not zero.
  if (!isKnown) return true;
  ifindex.push_back(static_cast<uint32_t>(header.tcm_ifindex));
  handle.push_back(header.tcm_handle);
  parent.push_back(header.tcm_parent);
  kind.appendText(&kinds);
  kinds.push_back('\0');
  drops.push_back(dropped);
  return true;
}

}  // namespace fournines
