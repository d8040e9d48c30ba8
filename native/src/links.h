#ifndef FOURNINES_LINKS_H_
#define FOURNINES_LINKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "netlink.h"

namespace fournines {

// Number of linkCounters in facade.ts: struct rtnl_link_stats64 up to rx_nohandler.
constexpr size_t kLinkStride = 24;
// ifindex, flags, mtu, master, lower.
constexpr size_t kLinkFields = 5;

// The table of NICs, filled by a dump. Kept from call to call, so that it need not grow again.
class LinkReader final : public DumpReader {
 public:
  static constexpr size_t kTextsPerLink = 3;

  // name, link kind, member kind of each NIC, each followed by a NUL.
  std::string text;
  std::vector<uint32_t> fields;
  std::vector<uint64_t> counters;

  static DumpRequest request();
  void restart() override;
  bool take(const uint8_t* payload, size_t bytes) override;
};

}  // namespace fournines

#endif  // FOURNINES_LINKS_H_
