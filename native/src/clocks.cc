#include "clocks.h"

#include <errno.h>
#include <time.h>

namespace fournines {

namespace {

uint64_t toNs(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

Failure readClocks(uint64_t* wallNs, uint64_t* monoNs) {
  timespec wall;
  timespec mono;
  if (clock_gettime(CLOCK_REALTIME, &wall) != 0) return {"clock_gettime", errno};
  if (clock_gettime(CLOCK_BOOTTIME, &mono) != 0) return {"clock_gettime", errno};
  *wallNs = toNs(wall);
  *monoNs = toNs(mono);
  return success();
}

}  // namespace fournines
