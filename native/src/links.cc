#include "links.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <algorithm>
#include <initializer_list>

#include "attributes.h"

namespace fournines {

namespace {

// What one message says; attributes point into it.
struct LinkMessage {
  Attribute name;
  Attribute stats;
  Attribute linkKind;
  Attribute memberKind;
  uint32_t mtu = 0;
  uint32_t master = 0;
  uint32_t lower = 0;
  bool isLowerElsewhere = false;
};

void readLinkInfo(const Attribute& nest, LinkMessage* link) {
  Attributes attributes(nest);
  Attribute attribute;
  while (attributes.next(&attribute)) {
    if (attribute.type == IFLA_INFO_KIND) link->linkKind = attribute;
    if (attribute.type == IFLA_INFO_SLAVE_KIND) link->memberKind = attribute;
  }
}

// False: a number is shorter than a number.
bool readAttribute(const Attribute& attribute, LinkMessage* link) {
  switch (attribute.type) {
    case IFLA_IFNAME:
      link->name = attribute;
      return true;
    case IFLA_STATS64:
      link->stats = attribute;
      return true;
    case IFLA_MTU:
      return attribute.toUint32(&link->mtu);
    case IFLA_MASTER:
      return attribute.toUint32(&link->master);
    case IFLA_LINK:
      return attribute.toUint32(&link->lower);
    case IFLA_LINK_NETNSID:
      link->isLowerElsewhere = true;
      return true;
    case IFLA_LINKINFO:
      readLinkInfo(attribute, link);
      return true;
    default:
      return true;
  }
}

}  // namespace

DumpRequest LinkReader::request() { return {"RTM_GETLINK", RTM_GETLINK, RTM_NEWLINK, sizeof(ifinfomsg)}; }

void LinkReader::restart() {
  text.clear();
  fields.clear();
  counters.clear();
}

bool LinkReader::take(const uint8_t* payload, size_t bytes) {
  ifinfomsg header;
  if (bytes < sizeof(header)) return false;
  memcpy(&header, payload, sizeof(header));
  LinkMessage link;
  const size_t headerBytes = NLMSG_ALIGN(sizeof(header));
  Attributes attributes(payload + headerBytes, bytes - headerBytes);
  Attribute attribute;
  while (attributes.next(&attribute)) {
    if (!readAttribute(attribute, &link)) return false;
  }
  // Without them the message is damaged: counters that are not there must not become zero.
  if (link.name.data == nullptr || link.stats.data == nullptr) return false;

  link.name.appendText(&text);
  text.push_back('\0');
  link.linkKind.appendText(&text);
  text.push_back('\0');
  link.memberKind.appendText(&text);
  text.push_back('\0');
  // With IFLA_LINK_NETNSID the index counts in another namespace, where it would name a stranger here.
  const uint32_t lower = link.isLowerElsewhere ? 0 : link.lower;
  for (const uint32_t field :
       {static_cast<uint32_t>(header.ifi_index), static_cast<uint32_t>(header.ifi_flags), link.mtu, link.master, lower}) {
    fields.push_back(field);
  }
  // Older kernels have fewer counters (rest 0), newer ones have more (left out).
  uint64_t values[kLinkStride] = {};
  memcpy(values, link.stats.data, std::min(link.stats.bytes, sizeof(values)));
  counters.insert(counters.end(), values, values + kLinkStride);
  return true;
}

}  // namespace fournines
