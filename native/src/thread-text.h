#ifndef FOURNINES_THREAD_TEXT_H_
#define FOURNINES_THREAD_TEXT_H_

#include <cstddef>
#include <cstdint>

#include "stall-track.h"

// What the kernel writes of a thread under /proc/PID/task/TID.
namespace fournines {

// Values of threadStatus in facade.ts.
enum class ThreadRead : uint64_t { kOk = 0, kGone = 1, kFailed = 2 };
// Order of threadFields in facade.ts.
enum ThreadField {
  kFieldStatus,
  kFieldRunNs,
  kFieldRunDelayNs,
  kFieldTimeslices,
  kFieldStartTicks,
  kFieldState,
  kFieldCpu
};

// What an errno of opening or reading says of the thread.
ThreadRead threadReadOf(int error);

// Parses digits from `at`; nullptr when there are none, or more than 64 bits hold.
const char* parseNumber(const char* at, const char* end, uint64_t* number);

// schedstat, "81219384 120394 18\n": ns on a CPU, ns waiting for one, number of timeslices. Into a row of threadFields.
bool parseSchedstat(const char* at, const char* end, uint64_t* row);

// stat, "4711 (a) (b) S 1 4711 ...": the name may hold spaces and parentheses, so fields are counted from the last ')'.
// Into a row of threadFields.
bool parseStat(const char* buffer, size_t length, uint64_t* row);

// status: lines of "Label:\tvalue\n"; the kernel escapes a newline in the name.
bool parseStatus(const char* text, size_t length, ThreadStatus* status);

}  // namespace fournines

#endif  // FOURNINES_THREAD_TEXT_H_
