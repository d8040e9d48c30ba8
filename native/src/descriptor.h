#ifndef FOURNINES_DESCRIPTOR_H_
#define FOURNINES_DESCRIPTOR_H_

#include <unistd.h>

namespace fournines {

// Owns one file descriptor. Not copyable: a copy would close a number that may belong to another file by then.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  bool isOpen() const { return fd_ >= 0; }

  // close() is not repeated on EINTR: on Linux the number is free already, and may be another thread's file by now.
  void reset(int fd = -1) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace fournines

#endif  // FOURNINES_DESCRIPTOR_H_
