#ifndef FOURNINES_NETLINK_H_
#define FOURNINES_NETLINK_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "descriptor.h"
#include "failure.h"

namespace fournines {

// Takes the messages of one dump.
class DumpReader {
 public:
  virtual ~DumpReader() = default;
  // A dump begins, maybe again: forget what came before.
  virtual void restart() = 0;
  // The payload after the nlmsghdr. False: it does not make sense.
  virtual bool take(const uint8_t* payload, size_t bytes) = 0;
};

struct DumpRequest {
  // Name for errors.
  const char* call;
  // RTM_GETLINK ...
  uint16_t request;
  // RTM_NEWLINK ...
  uint16_t reply;
  // Size of the (zeroed) family header the request carries.
  size_t headerBytes;
};

// A NETLINK_ROUTE socket that only dumps. It opens at the first dump, and anew after a dump that did not end well:
// the kernel refuses a second dump on a socket whose first is unread, and late replies would mix with the next one's.
class RouteSocket {
 public:
  Failure dump(const DumpRequest& request, DumpReader* reader);
  void close();

 private:
  enum class Outcome { kDone, kRepeat, kFailed };

  Failure open();
  Failure send(const DumpRequest& request);
  Outcome dumpOnce(const DumpRequest& request, DumpReader* reader, Failure* failure);
  Outcome receive(uint64_t deadlineNs, size_t* bytes, Failure* failure);

  Descriptor socket_;
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace fournines

#endif  // FOURNINES_NETLINK_H_
