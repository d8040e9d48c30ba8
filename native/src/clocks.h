#ifndef FOURNINES_CLOCKS_H_
#define FOURNINES_CLOCKS_H_

#include <cstdint>

#include "failure.h"

namespace fournines {

// CLOCK_REALTIME and CLOCK_BOOTTIME in nanoseconds, read back to back. BOOTTIME, since it counts suspended time too.
Failure readClocks(uint64_t* wallNs, uint64_t* monoNs);

}  // namespace fournines

#endif  // FOURNINES_CLOCKS_H_
