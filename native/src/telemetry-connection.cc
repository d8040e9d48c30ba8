#include "telemetry-connection.h"

#include <utility>

#include "affinity.h"
#include "scheduling.h"

namespace fournines {

namespace {

// How long a socket is kept for an answer nobody waits for any more (why: TelemetryPeer). Bounded, since a process can
// be stopped for ever.
constexpr int64_t kLingerNs = 60 * int64_t{1000000000};
// Rounds of a series that wait to be taken: a second and more at the pace of 10 ms.
constexpr size_t kRoundsMax = 256;

// A place that the kernel refuses (outside the cpuset, offline) costs time and nothing else. Each time, since whoever
// places the whole process moves this thread too.
void placeBeside(const RoundRequest& request) {
  if (!request.cpus.empty()) static_cast<void>(placeThread(request.cpus).failed());
}

}  // namespace

Failure TelemetryConnection::start(Report report, void* context) {
  report_ = report;
  context_ = context;
  const int refused = interrupt_.open();
  if (refused != 0) return {"eventfd", refused};
  return startThread(
      "fn-telemetry",
      [](void* self) -> void* {
        static_cast<TelemetryConnection*>(self)->run();
        return nullptr;
      },
      this, &thread_);
}

void TelemetryConnection::ask(RoundRequest request) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    request_ = std::move(request);
    isAsked_ = true;
  }
  isStopAsked_ = false;
  interrupt_.wake();
}

void TelemetryConnection::stop() {
  isStopAsked_ = true;
  interrupt_.wake();
}

std::vector<Round> TelemetryConnection::takeRounds() {
  std::vector<Round> rounds;
  const std::lock_guard<std::mutex> lock(mutex_);
  std::swap(rounds, rounds_);
  return rounds;
}

void TelemetryConnection::join(int64_t drainNs) {
  interrupt_.endAll(monotonicNs() + drainNs);
  pthread_join(thread_, nullptr);
}

void TelemetryConnection::run() {
  askForShortSlices();
  opened_ = peer_.open(path_, deadlineNs_, &why_);
  const bool isOpen = opened_ == TelemetryPeer::Opened::kOpen;
  report_(context_, Event::kOpened);
  if (isOpen) serve();
  const bool isSettled = isOpen && peer_.settle(interrupt_.roundsEndNs());
  if (isSettled) peer_.close();
  report_(context_, Event::kSettled);
  if (!isSettled) peer_.settle(monotonicNs() + kLingerNs);
  peer_.close();
  report_(context_, Event::kEnded);
}

void TelemetryConnection::serve() {
  bool isThere = true;
  for (;;) {
    // Asked for first: what was asked before the close is answered.
    const bool isClosing = interrupt_.isClosing();
    bool isAsked = false;
    RoundRequest request;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      std::swap(isAsked, isAsked_);
      std::swap(request, request_);
    }
    if (isAsked) {
      isThere = isThere && (request.intervalNs > 0 ? performSeries(request) : perform(request));
      report_(context_, isThere ? Event::kDone : Event::kGone);
    } else if (isClosing) {
      return;
    } else {
      interrupt_.wait(-1, Interrupt::kNever);
    }
  }
}

bool TelemetryConnection::perform(const RoundRequest& request) {
  Round round;
  placeBeside(request);
  if (!peer_.runRound(request.commands, request.replyDeadlineNs, &round)) return false;
  // Reported as done.
  deliver(std::move(round));
  return true;
}

bool TelemetryConnection::performSeries(const RoundRequest& request) {
  int64_t interval = monotonicNs() / request.intervalNs;
  while (!isStopAsked_ && !interrupt_.isClosing()) {
    const int64_t beginNs = (interval + 1) * request.intervalNs;
    const int64_t nowNs = monotonicNs();
    if (nowNs < beginNs) {
      interrupt_.wait(-1, beginNs);
      continue;
    }
    Round round;
    round.skipped = static_cast<uint64_t>(nowNs / request.intervalNs - interval - 1);
    interval = nowNs / request.intervalNs;
    placeBeside(request);
    if (!peer_.runRound(request.commands, request.replyDeadlineNs, &round)) return false;
    if (deliver(std::move(round))) report_(context_, Event::kRounds);
  }
  return true;
}

// Whether nobody knows yet that there are rounds to take.
bool TelemetryConnection::deliver(Round round) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool isFirst = rounds_.empty();
  if (rounds_.size() >= kRoundsMax) {
    // What must not be lost with the oldest goes to the one behind it: the names are told only once.
    Round& oldest = rounds_[0];
    Round& next = rounds_[1];
    next.skipped += oldest.skipped + 1;
    next.late += oldest.late;
    next.newLists.insert(next.newLists.begin(), oldest.newLists.begin(), oldest.newLists.end());
    rounds_.erase(rounds_.begin());
  }
  rounds_.push_back(std::move(round));
  return isFirst;
}

}  // namespace fournines
