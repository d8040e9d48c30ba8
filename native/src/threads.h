#ifndef FOURNINES_THREADS_H_
#define FOURNINES_THREADS_H_

#include <cstddef>
#include <cstdint>

namespace fournines {

// Order and number of threadFields in facade.ts.
constexpr size_t kThreadStride = 7;
// PID_MAX_LIMIT of 64-bit kernels: no machine has more threads.
constexpr size_t kThreadsMax = 4194304;

// Reads /proc/PID/task/TID/schedstat and stat of `count` threads (`threads` holds pid, tid, pid, tid ...) into
// `out` (count x kThreadStride). Never fails as a whole: each thread carries its own status.
void readThreads(const uint32_t* threads, size_t count, uint64_t* out);

}  // namespace fournines

#endif  // FOURNINES_THREADS_H_
