#include "remote-rings.h"

#include <errno.h>

#include <algorithm>

namespace fournines {

namespace {

// IOV_MAX of Linux is 1024; two parts a ring.
constexpr size_t kRingsACall = 512;

}  // namespace

void RemoteRings::add(uint64_t used, uint64_t avail, size_t tag) {
  tags_.push_back(tag);
  for (const uint64_t address : {used, avail}) {
    parts_.push_back({reinterpret_cast<void*>(address), sizeof(uint16_t)});
    indices_.push_back(0);
  }
}

size_t RemoteRings::copy(size_t first, int* error) {
  const size_t rings = std::min(tags_.size() - first, kRingsACall);
  iovec into = {indices_.data() + 2 * first, rings * 2 * sizeof(uint16_t)};
  const ssize_t got = process_vm_readv(pid_, &into, 1, parts_.data() + 2 * first, 2 * rings, 0);
  if (got < 0) {
    *error = errno;
    return 0;
  }
  // A part that cannot be read ends the copy before it.
  const size_t whole = static_cast<size_t>(got) / (2 * sizeof(uint16_t));
  if (whole < rings) *error = EFAULT;
  return whole;
}

}  // namespace fournines
