#ifndef FOURNINES_GUARDED_BUFFER_H_
#define FOURNINES_GUARDED_BUFFER_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

namespace fournines {

// Memory followed by a page that cannot be written. The kernel's ethtool calls write as many values as the driver has
// at that moment, whatever room we said there is: with the guard an overrun ends in EFAULT, not in our heap.
class GuardedBuffer {
 public:
  GuardedBuffer() = default;
  ~GuardedBuffer() { release(); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  uint8_t* bytes() { return bytes_; }
  size_t capacity() const { return capacity_; }

  // Room for at least `bytes`; what was in it is lost when it has to grow. False: no memory.
  bool reserve(size_t bytes) {
    if (bytes <= capacity_) return true;
    release();
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const size_t capacity = (bytes + page - 1) / page * page;
    void* const at = mmap(nullptr, capacity + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return false;
    if (mprotect(at, capacity, PROT_READ | PROT_WRITE) != 0) {
      munmap(at, capacity + page);
      return false;
    }
    bytes_ = static_cast<uint8_t*>(at);
    capacity_ = capacity;
    mapped_ = capacity + page;
    return true;
  }

  void release() {
    if (bytes_ != nullptr) munmap(bytes_, mapped_);
    bytes_ = nullptr;
    capacity_ = 0;
    mapped_ = 0;
  }

 private:
  uint8_t* bytes_ = nullptr;
  size_t capacity_ = 0;
  size_t mapped_ = 0;
};

}  // namespace fournines

#endif  // FOURNINES_GUARDED_BUFFER_H_
