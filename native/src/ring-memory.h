#ifndef FOURNINES_RING_MEMORY_H_
#define FOURNINES_RING_MEMORY_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "failure.h"

namespace fournines {

// Descriptors of a split ring: VIRTIO 1.2, 2.7.
constexpr uint32_t kRingSizeMax = 32768;

enum class RingDirection : uint8_t { kToGuest = 0, kFromGuest = 1 };

// What a ring is and where its indices stand.
struct RingPlace {
  uint32_t id = 0;
  uint16_t size = 0;
  RingDirection direction = RingDirection::kToGuest;
  // A file that holds the guest's memory, which must be this one; empty: read from `pid`'s memory by the kernel.
  std::string path;
  uint64_t device = 0;
  uint64_t inode = 0;
  pid_t pid = 0;
  // Of used.idx and avail.idx: offsets in the file, or addresses in the process.
  uint64_t used = 0;
  uint64_t avail = 0;
};

// The two indices of a split ring in a read-only mapping of the file that holds them.
class RingMemory {
 public:
  RingMemory() = default;
  ~RingMemory() { unmap(); }
  RingMemory(const RingMemory&) = delete;
  RingMemory& operator=(const RingMemory&) = delete;

  // EINVAL: not such a place; ESTALE: another file stands at the path; ENXIO: the file ends before the indices.
  Failure map(const RingPlace& place);
  void unmap();

  const uint16_t* used() const { return used_; }
  const uint16_t* avail() const { return avail_; }

 private:
  void* at_ = nullptr;
  size_t bytes_ = 0;
  const uint16_t* used_ = nullptr;
  const uint16_t* avail_ = nullptr;
};

}  // namespace fournines

#endif  // FOURNINES_RING_MEMORY_H_
