#ifndef FOURNINES_NETLINK_H_
#define FOURNINES_NETLINK_H_

#include <array>
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
  // RTM_GETLINK ..., or the number of a generic family.
  uint16_t request;
  // RTM_NEWLINK ..., or the number of a generic family.
  uint16_t reply;
  // How much of `payload` is sent.
  size_t payloadBytes;
  // The family's header and attributes after it. A header of zeros asks for every object of every family.
  std::array<uint8_t, 64> payload = {};
};

// A netlink socket that only dumps. It opens at the first dump, and anew after a dump that did not end well:
// the kernel refuses a second dump on a socket whose first is unread, and late replies would mix with the next one's.
class NetlinkSocket {
 public:
  // NETLINK_ROUTE or NETLINK_GENERIC.
  explicit NetlinkSocket(int protocol) : protocol_(protocol) {}

  Failure dump(const DumpRequest& request, DumpReader* reader);
  void close();

 private:
  enum class Outcome { kDone, kRepeat, kFailed };

  Failure open();
  Failure send(const DumpRequest& request);
  Outcome dumpOnce(const DumpRequest& request, DumpReader* reader, Failure* failure);
  Outcome receive(uint64_t deadlineNs, size_t* bytes, Failure* failure);

  const int protocol_;
  Descriptor socket_;
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace fournines

#endif  // FOURNINES_NETLINK_H_
