#include "affinity.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include <set>

namespace fournines {

namespace {

// A mask of any size: cpu_set_t itself ends at 1024 CPUs.
class CpuMask {
 public:
  explicit CpuMask(size_t cpus) : cpus_(cpus), bytes_(CPU_ALLOC_SIZE(cpus)), set_(CPU_ALLOC(cpus)) {
    if (set_ != nullptr) CPU_ZERO_S(bytes_, set_);
  }
  ~CpuMask() {
    if (set_ != nullptr) CPU_FREE(set_);
  }
  CpuMask(const CpuMask&) = delete;
  CpuMask& operator=(const CpuMask&) = delete;

  bool isThere() const { return set_ != nullptr; }
  size_t bytes() const { return bytes_; }
  cpu_set_t* get() { return set_; }
  bool has(size_t cpu) const { return cpu < cpus_ && CPU_ISSET_S(cpu, bytes_, set_); }
  void add(size_t cpu) { CPU_SET_S(cpu, bytes_, set_); }

 private:
  const size_t cpus_;
  const size_t bytes_;
  cpu_set_t* const set_;
};

// Sets the mask of every thread listed now; `seen` gets the new ones, and its growth says whether there were any.
Failure writePass(CpuMask* mask, std::set<pid_t>* seen) {
  DIR* const folder = opendir("/proc/self/task");
  if (folder == nullptr) return {"opendir", errno};
  Failure failure;
  for (;;) {
    errno = 0;
    const dirent* const entry = readdir(folder);
    if (entry == nullptr) {
      if (errno != 0) failure = {"readdir", errno};
      break;
    }
    const pid_t tid = static_cast<pid_t>(strtol(entry->d_name, nullptr, 10));
    // "." and ".." parse to 0, which would mean the calling thread.
    if (tid <= 0 || !seen->insert(tid).second) continue;
    // A thread that ended since the listing needs no mask.
    if (sched_setaffinity(tid, mask->bytes(), mask->get()) == 0 || errno == ESRCH) continue;
    failure = {"sched_setaffinity", errno};
    break;
  }
  closedir(folder);
  return failure;
}

}  // namespace

Failure readAffinity(std::vector<uint32_t>* cpus) {
  cpus->clear();
  // EINVAL says that the kernel's own mask is longer than ours.
  for (size_t size = 1024; size <= kCpusMax; size *= 2) {
    CpuMask mask(size);
    if (!mask.isThere()) return {"CPU_ALLOC", ENOMEM};
    // Not 0, which is the calling thread: in a worker thread that is not "this process".
    if (sched_getaffinity(getpid(), mask.bytes(), mask.get()) != 0) {
      if (errno == EINVAL) continue;
      return {"sched_getaffinity", errno};
    }
    for (size_t cpu = 0; cpu < size; cpu++) {
      if (mask.has(cpu)) cpus->push_back(static_cast<uint32_t>(cpu));
    }
    return success();
  }
  return {"sched_getaffinity", EINVAL};
}

Failure writeAffinity(const uint32_t* cpus, size_t count) {
  CpuMask mask(kCpusMax);
  if (!mask.isThere()) return {"CPU_ALLOC", ENOMEM};
  for (size_t i = 0; i < count; i++) mask.add(cpus[i]);
  std::set<pid_t> seen;
  // A thread born during a pass may have inherited the old mask: pass again until a pass meets nobody new. Bounded,
  // since after the first pass every parent has the new mask.
  for (int pass = 0; pass < 8; pass++) {
    const size_t before = seen.size();
    const Failure failure = writePass(&mask, &seen);
    if (failure.failed()) return failure;
    if (seen.size() == before) return success();
  }
  return success();
}

Failure placeThread(const std::vector<uint32_t>& cpus) {
  CpuMask mask(kCpusMax);
  if (!mask.isThere()) return {"CPU_ALLOC", ENOMEM};
  for (const uint32_t cpu : cpus) mask.add(cpu);
  if (sched_setaffinity(0, mask.bytes(), mask.get()) != 0) return {"sched_setaffinity", errno};
  return success();
}

}  // namespace fournines
