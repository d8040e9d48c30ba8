#include "ring-memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>

#include "descriptor.h"

namespace fournines {

namespace {

// HUGETLBFS_MAGIC of linux/magic.h.
constexpr unsigned long kHugetlbfs = 0x958458f6;
// The indices of the largest split ring are 0.7 MiB apart.
constexpr uint64_t kSpanMax = 1048576;

// Mappings begin and end at multiples of it.
Failure readPageBytes(int fd, uint64_t* bytes) {
  struct statfs filesystem;
  if (fstatfs(fd, &filesystem) != 0) return {"fstatfs", errno};
  const bool isHuge = static_cast<unsigned long>(filesystem.f_type) == kHugetlbfs;
  *bytes = static_cast<uint64_t>(isHuge ? filesystem.f_bsize : sysconf(_SC_PAGESIZE));
  return success();
}

}  // namespace

Failure RingMemory::map(const RingPlace& place) {
  unmap();
  const uint64_t first = std::min(place.used, place.avail);
  const uint64_t last = std::max(place.used, place.avail);
  if (place.used % 2 != 0 || place.avail % 2 != 0 || first == last || last - first > kSpanMax) return {"ring", EINVAL};
  // A FIFO put there must not hold us up.
  const Descriptor file(open(place.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.isOpen()) return {"open", errno};
  struct stat found;
  if (fstat(file.get(), &found) != 0) return {"fstat", errno};
  if (!S_ISREG(found.st_mode)) return {"ring", EINVAL};
  if (found.st_dev != place.device || found.st_ino != place.inode) return {"ring", ESTALE};
  if (static_cast<uint64_t>(found.st_size) < last + sizeof(uint16_t)) return {"ring", ENXIO};
  uint64_t page = 0;
  const Failure failure = readPageBytes(file.get(), &page);
  if (failure.failed()) return failure;
  const uint64_t begin = first / page * page;
  const uint64_t end = (last + sizeof(uint16_t) + page - 1) / page * page;
  // Without NORESERVE a mapping of huge pages reserves those that the file does not have yet.
  void* const at = mmap(nullptr, end - begin, PROT_READ, MAP_SHARED | MAP_NORESERVE, file.get(),
                        static_cast<off_t>(begin));
  if (at == MAP_FAILED) return {"mmap", errno};
  at_ = at;
  bytes_ = end - begin;
  const uint8_t* const bytes = static_cast<const uint8_t*>(at);
  used_ = reinterpret_cast<const uint16_t*>(bytes + (place.used - begin));
  avail_ = reinterpret_cast<const uint16_t*>(bytes + (place.avail - begin));
  return success();
}

void RingMemory::unmap() {
  if (at_ != nullptr) munmap(at_, bytes_);
  at_ = nullptr;
  bytes_ = 0;
  used_ = nullptr;
  avail_ = nullptr;
}

}  // namespace fournines
