#include "netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "messages.h"

namespace fournines {

namespace {

// The kernel packs a dump into datagrams of at most 32 KiB unless one object needs more.
constexpr size_t kBufferBytes = 64 * 1024;
constexpr size_t kBufferBytesMax = 16 * 1024 * 1024;
// One wait for the kernel, and a whole dump: the event loop stands still meanwhile.
constexpr long kReceiveTimeoutUs = 500 * 1000;
constexpr uint64_t kDumpTimeoutNs = 2000000000;
// How often a dump is begun anew when objects changed under it.
constexpr int kRepeatsMax = 3;

uint64_t nowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

void NetlinkSocket::close() { socket_.reset(); }

Failure NetlinkSocket::open() {
  if (socket_.isOpen()) return success();
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol_);
  if (fd < 0) return {"socket", errno};
  socket_.reset(fd);
  const timeval timeout = {0, kReceiveTimeoutUs};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) != 0) {
    const int error = errno;
    close();
    return {"setsockopt", error};
  }
  return success();
}

Failure NetlinkSocket::send(const DumpRequest& request) {
  alignas(nlmsghdr) uint8_t message[NLMSG_HDRLEN + sizeof(request.payload)] = {};
  if (request.payloadBytes > request.payload.size()) return {request.call, EMSGSIZE};
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(request.payloadBytes));
  header.nlmsg_type = request.request;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = ++sequence_;
  memcpy(message, &header, sizeof(header));
  memcpy(message + NLMSG_HDRLEN, request.payload.data(), request.payloadBytes);
  sockaddr_nl kernel = {};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    const ssize_t sent = sendto(socket_.get(), message, header.nlmsg_len, 0, reinterpret_cast<const sockaddr*>(&kernel),
                                sizeof(kernel));
    if (sent == static_cast<ssize_t>(header.nlmsg_len)) return success();
    if (sent >= 0) return {"sendto", EMSGSIZE};
    if (errno != EINTR) return {"sendto", errno};
  }
}

// Receives one datagram of the kernel into buffer_. kDone: it is there.
NetlinkSocket::Outcome NetlinkSocket::receive(uint64_t deadlineNs, size_t* bytes, Failure* failure) {
  for (;;) {
    // SO_RCVTIMEO bounds one wait; this bounds them together, should signals or strangers' datagrams keep coming.
    if (nowNs() > deadlineNs) {
      *failure = {"recvmsg", ETIMEDOUT};
      return Outcome::kFailed;
    }
    sockaddr_nl sender = {};
    iovec part = {buffer_.data(), buffer_.size()};
    msghdr message = {};
    message.msg_name = &sender;
    message.msg_namelen = sizeof(sender);
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    // With MSG_TRUNC the result is the datagram's true length even where the buffer was too small.
    const ssize_t got = recvmsg(socket_.get(), &message, MSG_TRUNC);
    if (got < 0 && errno == EINTR) continue;
    // ENOBUFS: the kernel dropped part of the dump.
    if (got < 0 && errno == ENOBUFS) return Outcome::kRepeat;
    if (got < 0) {
      *failure = {"recvmsg", errno == EAGAIN ? ETIMEDOUT : errno};
      return Outcome::kFailed;
    }
    // Any process may send to our port; only the kernel has port id 0.
    if (message.msg_namelen != sizeof(sender) || sender.nl_pid != 0) continue;
    const size_t length = static_cast<size_t>(got);
    if (length > buffer_.size()) {
      if (length > kBufferBytesMax) {
        *failure = {"recvmsg", EMSGSIZE};
        return Outcome::kFailed;
      }
      // The tail is lost: once more, with room.
      buffer_.resize(length);
      return Outcome::kRepeat;
    }
    *bytes = length;
    return Outcome::kDone;
  }
}

NetlinkSocket::Outcome NetlinkSocket::dumpOnce(const DumpRequest& request, DumpReader* reader, Failure* failure) {
  *failure = open();
  if (failure->failed()) return Outcome::kFailed;
  *failure = send(request);
  if (failure->failed()) return Outcome::kFailed;
  const uint64_t deadlineNs = nowNs() + kDumpTimeoutNs;
  bool isInterrupted = false;
  for (;;) {
    size_t bytes = 0;
    const Outcome received = receive(deadlineNs, &bytes, failure);
    if (received != Outcome::kDone) return received;
    const Datagram datagram = readDatagram(buffer_.data(), bytes, sequence_, request.reply, reader);
    isInterrupted = isInterrupted || datagram.isInterrupted;
    if (datagram.error != 0) {
      *failure = {request.call, datagram.error};
      return Outcome::kFailed;
    }
    // Read to the end even when interrupted: the socket stays usable.
    if (datagram.isLast) return isInterrupted ? Outcome::kRepeat : Outcome::kDone;
  }
}

Failure NetlinkSocket::dump(const DumpRequest& request, DumpReader* reader) {
  if (buffer_.empty()) buffer_.resize(kBufferBytes);
  for (int attempt = 0; attempt <= kRepeatsMax; attempt++) {
    reader->restart();
    Failure failure;
    const Outcome outcome = dumpOnce(request, reader, &failure);
    if (outcome == Outcome::kDone) return success();
    close();
    if (outcome == Outcome::kFailed) return failure;
  }
  // NICs came and went in every attempt: no answer is better than a torn one.
  return {request.call, EINTR};
}

}  // namespace fournines
