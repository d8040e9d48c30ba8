#ifndef FOURNINES_REMOTE_RINGS_H_
#define FOURNINES_REMOTE_RINGS_H_

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fournines {

// Rings of one process that cannot be mapped: the kernel copies their indices, all in as few calls as may be. Ten to
// twenty times as dear as mapped ones.
class RemoteRings {
 public:
  explicit RemoteRings(pid_t pid) : pid_(pid) {}

  pid_t pid() const { return pid_; }
  // `tag` is what `take` is told.
  void add(uint64_t used, uint64_t avail, size_t tag);

  // take(tag, used, avail) of each ring that was read; failed(tag, errno) of each that was not. used.idx is copied
  // before avail.idx: the kernel goes through the parts in their order.
  template <typename Take, typename Failed>
  void read(Take take, Failed failed) {
    size_t next = 0;
    while (next < tags_.size()) {
      int error = 0;
      const size_t got = copy(next, &error);
      for (size_t i = next; i < next + got; i++) take(tags_[i], indices_[2 * i], indices_[2 * i + 1]);
      next += got;
      if (error == 0) continue;
      failed(tags_[next], error);
      next++;
    }
  }

 private:
  // Copies indices from ring `first` on; how many rings, and why no more.
  size_t copy(size_t first, int* error);

  const pid_t pid_;
  std::vector<size_t> tags_;
  std::vector<iovec> parts_;
  std::vector<uint16_t> indices_;
};

}  // namespace fournines

#endif  // FOURNINES_REMOTE_RINGS_H_
