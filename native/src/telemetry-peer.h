#ifndef FOURNINES_TELEMETRY_PEER_H_
#define FOURNINES_TELEMETRY_PEER_H_

#include <atomic>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "descriptor.h"
#include "failure.h"
#include "telemetry-reply.h"

namespace fournines {

// CLOCK_MONOTONIC, ns: what every deadline here is in.
int64_t monotonicNs();

// How another thread ends the waits of a connection's thread. Times of CLOCK_MONOTONIC, ns; far away until asked for.
class Interrupt {
 public:
  // errno, or 0.
  int open();
  // Waits end at this time at the latest: those of rounds, and all of them. Never later than asked before.
  void endRounds(int64_t atNs) { shorten(&roundsEndNs_, atNs); }
  void endAll(int64_t atNs) { shorten(&allEndNs_, atNs); }
  // Without a change of times: there is something to do.
  void wake();

  bool isClosing() const { return roundsEndNs_.load() != kNever || isEnding(); }
  bool isEnding() const { return allEndNs_.load() != kNever; }
  int64_t roundsEndNs() const { return roundsEndNs_.load(); }
  int64_t allEndNs() const { return allEndNs_.load(); }

  // Until `fd` (or nothing, with -1) can be read, `deadlineNs`, or a wake; true when it can be read.
  bool wait(int fd, int64_t deadlineNs);

  static constexpr int64_t kNever = INT64_MAX;

 private:
  void shorten(std::atomic<int64_t>* endNs, int64_t atNs);

  Descriptor wake_;
  std::atomic<int64_t> roundsEndNs_{kNever};
  std::atomic<int64_t> allEndNs_{kNever};
};

// The same numbers as `statuses` of telemetry.ts.
enum class ReplyStatus { kOk, kAbsent, kDamaged, kTimeout, kUnsent };

struct ReplyRow {
  ReplyStatus status = ReplyStatus::kUnsent;
  uint64_t wallNs = 0;
  uint64_t monoNs = 0;
  uint64_t spanNs = 0;
  // Of its names, or 0: it is not a flat object.
  uint64_t listId = 0;
  // Its part of Round::values.
  size_t valueCount = 0;
  // Whether the next one of Round::texts is its.
  bool hasText = false;
};

struct Round {
  std::vector<ReplyRow> rows;
  std::vector<uint64_t> values;
  std::vector<std::string> texts;
  // Lists of names that were not there before, each name followed by a NUL.
  std::vector<std::pair<uint64_t, std::string>> newLists;
  // Lists with a smaller number are void after this round.
  uint64_t firstListId = 1;
  uint64_t late = 0;
  // Of a series: intervals before this one in which no round began, or whose round nobody took.
  uint64_t skipped = 0;
};

// Gives each list of names a number, so that thousands of equal ones cross to JavaScript once.
class NameLists {
 public:
  uint64_t idOf(const std::string& names, Round* round);

 private:
  // Together these bound what one connection keeps; a peer whose names change each time is only slower.
  static constexpr size_t kListsMax = 256;
  static constexpr size_t kBytesMax = 1048576;

  std::unordered_map<std::string, uint64_t> ids_;
  const std::pair<const std::string, uint64_t>* last_ = nullptr;
  size_t bytes_ = 0;
  uint64_t firstId_ = 1;
  uint64_t nextId_ = 1;
};

// The socket to one DPDK process, used by one thread.
//
// Nothing here closes a socket on which an answer or the handshake is outstanding; `settle` waits. DPDK before 24.03
// loses one of its ten places for good when it cannot write the handshake. And it answers by write() without a handler
// for SIGPIPE: Linux 6.18 raises none for this kind of socket, but POSIX allows it, and it would end that process.
// An answer's key does not name the command's parameters, so what keeps question and answer together is their number.
class TelemetryPeer {
 public:
  explicit TelemetryPeer(Interrupt* interrupt) : interrupt_(interrupt) {}

  enum class Opened { kOpen, kRefused, kNoHandshake };
  // `why`: the call that failed; its errno is 0 at the end of the stream, ETIMEDOUT at the deadline.
  Opened open(const std::string& path, int64_t deadlineNs, Failure* why);
  const Handshake& handshake() const { return handshake_; }

  // False: the peer is gone.
  bool runRound(const std::vector<std::string>& commands, int64_t replyDeadlineNs, Round* round);

  // Waits for what is outstanding; false when the time was over first.
  bool settle(int64_t deadlineNs);
  void close() { socket_.reset(); }

 private:
  enum class Received { kDatagram, kTimeout, kGone };
  Received receive(int64_t deadlineNs);
  bool send(const std::string& command, bool* isSent);
  Received take(const std::string& command, int64_t deadlineNs, ReplyRow* row, Round* round);
  bool keep(ReplyKind kind, ReplyRow* row, Round* round);

  Interrupt* const interrupt_;
  Descriptor socket_;
  Handshake handshake_;
  ReplyReader reader_;
  NameLists lists_;
  std::vector<char> buffer_;
  size_t received_ = 0;
  // Datagrams the peer still has to send: the handshake, or answers.
  int owed_ = 0;
};

}  // namespace fournines

#endif  // FOURNINES_TELEMETRY_PEER_H_
