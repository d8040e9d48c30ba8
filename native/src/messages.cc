#include "messages.h"

#include <errno.h>
#include <limits.h>
#include <linux/netlink.h>
#include <string.h>

namespace fournines {

namespace {

// The negative errno at the head of NLMSG_ERROR and NLMSG_DONE as a positive one; 0 is an acknowledgement.
int errorIn(const uint8_t* payload, size_t bytes) {
  int32_t code = 0;
  if (bytes < sizeof(code)) return 0;
  memcpy(&code, payload, sizeof(code));
  // A positive code, or one that cannot be negated, is not an errno.
  if (code > 0 || code == INT_MIN) return EBADMSG;
  return -code;
}

}  // namespace

Datagram readDatagram(const uint8_t* data, size_t bytes, uint32_t sequence, uint16_t reply, DumpReader* reader) {
  Datagram result;
  while (bytes >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    memcpy(&header, data, sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > bytes) {
      result.error = EBADMSG;
      return result;
    }
    const uint8_t* const payload = data + NLMSG_HDRLEN;
    const size_t payloadBytes = header.nlmsg_len - NLMSG_HDRLEN;
    const size_t aligned = NLMSG_ALIGN(static_cast<size_t>(header.nlmsg_len));
    const size_t step = aligned < bytes ? aligned : bytes;
    data += step;
    bytes -= step;
    // The answer to an earlier question.
    if (header.nlmsg_seq != sequence) continue;
    if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0 || header.nlmsg_type == NLMSG_OVERRUN) result.isInterrupted = true;
    if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
      if (header.nlmsg_type == NLMSG_ERROR && payloadBytes < sizeof(nlmsgerr)) result.error = EBADMSG;
      if (result.error == 0) result.error = errorIn(payload, payloadBytes);
      result.isLast = header.nlmsg_type == NLMSG_DONE;
      if (result.isLast || result.error != 0) return result;
      continue;
    }
    if (header.nlmsg_type == reply && !reader->take(payload, payloadBytes)) {
      result.error = EBADMSG;
      return result;
    }
  }
  return result;
}

}  // namespace fournines
