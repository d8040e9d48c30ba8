#ifndef FOURNINES_AFFINITY_H_
#define FOURNINES_AFFINITY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "failure.h"

namespace fournines {

// Far above NR_CPUS of any kernel (8192): bounds the masks.
constexpr uint32_t kCpusMax = 65536;

// CPUs the process (its main thread) may run on, ascending.
Failure readAffinity(std::vector<uint32_t>* cpus);

// Sets the mask of each thread of this process. Every number in `cpus` is below kCpusMax.
Failure writeAffinity(const uint32_t* cpus, size_t count);

// Places the calling thread. Every number in `cpus` is below kCpusMax.
Failure placeThread(const std::vector<uint32_t>& cpus);

}  // namespace fournines

#endif  // FOURNINES_AFFINITY_H_
