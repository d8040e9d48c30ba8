#ifndef FOURNINES_MESSAGES_H_
#define FOURNINES_MESSAGES_H_

#include <cstddef>
#include <cstdint>

#include "netlink.h"

namespace fournines {

struct Datagram {
  // NLMSG_DONE came.
  bool isLast = false;
  // NLM_F_DUMP_INTR: objects changed during the dump, it may miss some or have some twice.
  bool isInterrupted = false;
  // errno of NLMSG_ERROR or NLMSG_DONE; EBADMSG when the bytes do not make sense; 0: none.
  int error = 0;
};

// Hands the messages of type `reply` and sequence number `sequence` in one datagram to `reader`. Does no I/O.
Datagram readDatagram(const uint8_t* data, size_t bytes, uint32_t sequence, uint16_t reply, DumpReader* reader);

}  // namespace fournines

#endif  // FOURNINES_MESSAGES_H_
