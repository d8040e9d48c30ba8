#ifndef FOURNINES_ETHTOOL_H_
#define FOURNINES_ETHTOOL_H_

#include <cstdint>
#include <string>

#include "descriptor.h"
#include "failure.h"
#include "guarded-buffer.h"

namespace fournines {

// The read-only requests of SIOCETHTOOL. NIC names are NUL-terminated and shorter than IFNAMSIZ (16).
class Ethtool {
 public:
  // Names of the driver's counters, each followed by a NUL, in the driver's order; empty when it has none.
  Failure names(const char* nic, std::string* text);
  // Empty when the kernel knows no driver for it.
  Failure driver(const char* nic, std::string* driver);
  // Writes `wanted` values to `out`. False: not readable now, or another number than `wanted`; `actual` has the number
  // that the driver has (0: unknown).
  bool counters(const char* nic, uint32_t wanted, uint32_t* actual, uint64_t* out);

  Failure open();
  void close();

 private:
  int request(const char* nic, void* request);
  int countOf(const char* nic, uint32_t* count);

  Descriptor socket_;
  GuardedBuffer buffer_;
};

}  // namespace fournines

#endif  // FOURNINES_ETHTOOL_H_
