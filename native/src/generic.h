#ifndef FOURNINES_GENERIC_H_
#define FOURNINES_GENERIC_H_

#include <linux/netlink.h>

#include <cstdint>

#include "netlink.h"

namespace fournines {

// Finds the number of one generic netlink family in the dump of all of them.
class FamilyReader final : public DumpReader {
 public:
  explicit FamilyReader(const char* name) : name_(name) {}

  // 0: not among them.
  uint16_t id = 0;

  static DumpRequest request();
  void restart() override { id = 0; }
  bool take(const uint8_t* payload, size_t bytes) override;

 private:
  const char* const name_;
};

// Dumps of one generic netlink family. Its number is asked for at the first dump, and again when the kernel no longer
// knows it.
class GenericFamily {
 public:
  explicit GenericFamily(const char* name) : name_(name) {}

  // Fills in the numbers of `request`. `isThere` false: this kernel does not have the family or the command, or does
  // not let this process ask.
  Failure dump(DumpRequest request, DumpReader* reader, bool* isThere);
  void close();

 private:
  Failure resolve();

  const char* const name_;
  NetlinkSocket socket_{NETLINK_GENERIC};
  bool isResolved_ = false;
  uint16_t id_ = 0;
};

}  // namespace fournines

#endif  // FOURNINES_GENERIC_H_
