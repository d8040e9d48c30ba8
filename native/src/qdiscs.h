#ifndef FOURNINES_QDISCS_H_
#define FOURNINES_QDISCS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "netlink.h"

namespace fournines {

// The table of queueing disciplines, filled by a dump; column by column as QdiscTable in facade.ts.
class QdiscReader final : public DumpReader {
 public:
  std::vector<uint32_t> ifindex;
  std::vector<uint32_t> handle;
  std::vector<uint32_t> parent;
  // Each followed by a NUL.
  std::string kinds;
  std::vector<uint64_t> drops;

  static DumpRequest request();
  void restart() override;
  bool take(const uint8_t* payload, size_t bytes) override;
};

}  // namespace fournines

#endif  // FOURNINES_QDISCS_H_
