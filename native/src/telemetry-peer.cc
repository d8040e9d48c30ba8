#include "telemetry-peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <algorithm>

#include "clocks.h"

namespace fournines {

namespace {

constexpr int64_t kMs = 1000000;
// A listener with a full queue (DPDK's has one place) is asked again after this time.
constexpr int64_t kConnectAgainNs = 2 * kMs;
// After an answer to another command came although nothing was owed: DPDK before 26.07 mixes up two clients, and the
// right answer will never come. One that is merely late would come within this time.
constexpr int64_t kMixedUpGraceNs = 20 * kMs;
// The handshake has less than 1,024 bytes; and room to see that a reply is longer than announced.
constexpr size_t kHandshakeBytesMax = 4096;
constexpr size_t kHeadroomBytes = 1024;

timespec toTimespec(int64_t ns) {
  timespec time = {};
  time.tv_sec = static_cast<time_t>(ns / (1000 * kMs));
  time.tv_nsec = static_cast<long>(ns % (1000 * kMs));
  return time;
}

size_t keyBytesOf(const std::string& command) { return std::min(command.find(','), command.size()); }

}  // namespace

int64_t monotonicNs() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000 * kMs + time.tv_nsec;
}

int Interrupt::open() {
  wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  return wake_.isOpen() ? 0 : errno;
}

void Interrupt::shorten(std::atomic<int64_t>* endNs, int64_t atNs) {
  int64_t before = endNs->load();
  while (atNs < before && !endNs->compare_exchange_weak(before, atNs)) {
  }
  wake();
}

void Interrupt::wake() {
  const uint64_t one = 1;
  // Only a counter at its limit could refuse, and then the thread is awake already.
  const ssize_t ignored = write(wake_.get(), &one, sizeof(one));
  static_cast<void>(ignored);
}

bool Interrupt::wait(int fd, int64_t deadlineNs) {
  const int64_t leftNs = deadlineNs == kNever ? 0 : std::max(deadlineNs - monotonicNs(), int64_t{0});
  const timespec timeout = toTimespec(leftNs);
  pollfd waits[] = {{wake_.get(), POLLIN, 0}, {fd, POLLIN, 0}};
  // poll itself passes over a negative descriptor.
  if (ppoll(waits, 2, deadlineNs == kNever ? nullptr : &timeout, nullptr) <= 0) return false;
  if (waits[0].revents != 0) {
    uint64_t ignored = 0;
    if (read(wake_.get(), &ignored, sizeof(ignored)) < 0) return waits[1].revents != 0;
  }
  return waits[1].revents != 0;
}

uint64_t NameLists::idOf(const std::string& names, Round* round) {
  if (last_ != nullptr && last_->first == names) return last_->second;
  auto found = ids_.find(names);
  if (found == ids_.end()) {
    if (ids_.size() >= kListsMax || bytes_ + names.size() > kBytesMax) {
      ids_.clear();
      bytes_ = 0;
      firstId_ = nextId_;
    }
    found = ids_.emplace(names, nextId_++).first;
    bytes_ += names.size();
    round->newLists.emplace_back(found->second, names);
  }
  last_ = &*found;
  round->firstListId = firstId_;
  return found->second;
}

TelemetryPeer::Opened TelemetryPeer::open(const std::string& path, int64_t deadlineNs, Failure* why) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    *why = {"connect", ENAMETOOLONG};
    return Opened::kRefused;
  }
  memcpy(address.sun_path, path.data(), path.size());
  socket_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket_.isOpen()) {
    *why = {"socket", errno};
    return Opened::kRefused;
  }
  while (connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    const int error = errno;
    const int64_t nowNs = monotonicNs();
    const bool isOver = nowNs >= deadlineNs || interrupt_->isClosing();
    if (error != EAGAIN || isOver) {
      *why = {"connect", error == EAGAIN ? ETIMEDOUT : error};
      return Opened::kRefused;
    }
    interrupt_->wait(-1, std::min(deadlineNs, nowNs + kConnectAgainNs));
  }
  buffer_.resize(kHandshakeBytesMax);
  owed_ = 1;
  const Received received = receive(deadlineNs);
  if (received == Received::kGone) {
    *why = {"recv", 0};
    return Opened::kRefused;
  }
  if (received == Received::kTimeout) {
    *why = {"recv", ETIMEDOUT};
    return Opened::kNoHandshake;
  }
  owed_ = 0;
  if (received_ > buffer_.size() || !readHandshake(buffer_.data(), received_, &handshake_)) {
    *why = {"recv", EBADMSG};
    return Opened::kNoHandshake;
  }
  buffer_.resize(static_cast<size_t>(handshake_.outputBytesMax) + kHeadroomBytes);
  return Opened::kOpen;
}

// `received_` is the datagram's own length: more than the buffer has when it was cut.
TelemetryPeer::Received TelemetryPeer::receive(int64_t deadlineNs) {
  for (;;) {
    const int64_t limitNs = std::min(deadlineNs, std::min(interrupt_->roundsEndNs(), interrupt_->allEndNs()));
    if (interrupt_->wait(socket_.get(), limitNs)) {
      const ssize_t got = recv(socket_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC | MSG_DONTWAIT);
      if (got > 0) {
        received_ = static_cast<size_t>(got);
        return Received::kDatagram;
      }
      if (got == 0) return Received::kGone;
      if (errno != EAGAIN && errno != EINTR) return Received::kGone;
    }
    if (monotonicNs() >= limitNs) return Received::kTimeout;
  }
}

bool TelemetryPeer::runRound(const std::vector<std::string>& commands, int64_t replyDeadlineNs, Round* round) {
  round->rows.resize(commands.size());
  while (owed_ > 0) {
    const Received received = receive(monotonicNs() + replyDeadlineNs);
    if (received == Received::kGone) return false;
    if (received == Received::kTimeout) return true;
    owed_--;
    round->late++;
  }
  for (size_t i = 0; i < commands.size() && !interrupt_->isClosing(); i++) {
    ReplyRow* const row = &round->rows[i];
    uint64_t wallNs = 0;
    uint64_t sentNs = 0;
    uint64_t doneNs = 0;
    // These clocks cannot fail where they exist, and every kernel that runs Node has them.
    static_cast<void>(readClocks(&wallNs, &sentNs).failed());
    const int64_t deadlineNs = monotonicNs() + replyDeadlineNs;
    bool isSent = false;
    if (!send(commands[i], &isSent)) return false;
    const Received received = isSent ? take(commands[i], deadlineNs, row, round) : Received::kTimeout;
    if (received == Received::kGone) return false;
    if (!isSent) return true;
    static_cast<void>(readClocks(&wallNs, &doneNs).failed());
    row->spanNs = doneNs - sentNs;
    row->monoNs = sentNs + row->spanNs / 2;
    row->wallNs = wallNs - (doneNs - row->monoNs);
    if (received == Received::kTimeout) {
      row->status = ReplyStatus::kTimeout;
      return true;
    }
  }
  return true;
}

// False: the peer is gone. A socket that has no room (which one question at a time cannot fill) is as good as silent.
bool TelemetryPeer::send(const std::string& command, bool* isSent) {
  const ssize_t sent = ::send(socket_.get(), command.data(), command.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  *isSent = sent >= 0;
  if (*isSent) owed_++;
  return *isSent || errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM;
}

TelemetryPeer::Received TelemetryPeer::take(const std::string& command, int64_t deadlineNs, ReplyRow* row,
                                            Round* round) {
  for (;;) {
    const Received received = receive(deadlineNs);
    if (received == Received::kTimeout && owed_ == 0) {
      row->status = ReplyStatus::kDamaged;
      return Received::kDatagram;
    }
    if (received != Received::kDatagram) return received;
    const bool isWhole = received_ <= buffer_.size();
    const ReplyKind kind = isWhole ? reader_.read(buffer_.data(), received_, command.data(), keyBytesOf(command))
                                   : ReplyKind::kDamaged;
    owed_ = 0;
    if (keep(kind, row, round)) return Received::kDatagram;
    // By number it was ours. It may be that the peer sent one too many before: wait a little for the right one.
    round->late++;
    deadlineNs = std::min(deadlineNs, monotonicNs() + kMixedUpGraceNs);
  }
}

// False for the answer to another command.
bool TelemetryPeer::keep(ReplyKind kind, ReplyRow* row, Round* round) {
  switch (kind) {
    case ReplyKind::kOtherKey:
      return false;
    case ReplyKind::kFlat:
      row->status = ReplyStatus::kOk;
      row->listId = lists_.idOf(reader_.names(), round);
      row->valueCount = reader_.values().size();
      round->values.insert(round->values.end(), reader_.values().begin(), reader_.values().end());
      return true;
    case ReplyKind::kText:
      row->status = ReplyStatus::kOk;
      row->hasText = true;
      round->texts.emplace_back(reader_.text(), reader_.textBytes());
      return true;
    case ReplyKind::kNull:
      row->status = ReplyStatus::kAbsent;
      return true;
    case ReplyKind::kDamaged:
      row->status = ReplyStatus::kDamaged;
      return true;
  }
  return true;
}

bool TelemetryPeer::settle(int64_t deadlineNs) {
  while (socket_.isOpen() && owed_ > 0) {
    const int64_t limitNs = std::min(deadlineNs, interrupt_->allEndNs());
    char ignored = 0;
    if (interrupt_->wait(socket_.get(), limitNs)) {
      const ssize_t got = recv(socket_.get(), &ignored, sizeof(ignored), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return true;
      if (got > 0) owed_--;
    } else if (monotonicNs() >= limitNs) {
      return false;
    }
  }
  return true;
}

}  // namespace fournines
