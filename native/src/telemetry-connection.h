#ifndef FOURNINES_TELEMETRY_CONNECTION_H_
#define FOURNINES_TELEMETRY_CONNECTION_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "failure.h"
#include "telemetry-peer.h"

namespace fournines {

struct RoundRequest {
  std::vector<std::string> commands;
  int64_t replyDeadlineNs = 0;
  // Above 0: a series, a round in each such interval of CLOCK_MONOTONIC, until `stop`.
  int64_t intervalNs = 0;
  // Where the thread places itself; empty: it stays where it is.
  std::vector<uint32_t> cpus;
};

// A peer and the thread that talks to it. The other functions belong to the thread that made it.
class TelemetryConnection {
 public:
  // In the order in which they come: opened; then for each request done or gone, with rounds before when it is a series;
  // settled once after `close` (or after a failed open); ended last.
  enum class Event : uintptr_t { kOpened = 1, kRounds, kDone, kGone, kSettled, kEnded };
  // Called on the connection's thread.
  using Report = void (*)(void* context, Event event);

  TelemetryConnection(std::string path, int64_t deadlineNs)
      : path_(std::move(path)), deadlineNs_(deadlineNs), peer_(&interrupt_) {}
  TelemetryConnection(const TelemetryConnection&) = delete;
  TelemetryConnection& operator=(const TelemetryConnection&) = delete;

  Failure start(Report report, void* context);
  // Only when no request is under way.
  void ask(RoundRequest request);
  // Ends a series; done comes as always.
  void stop();
  // Rounds that are done and were not taken yet, oldest first.
  std::vector<Round> takeRounds();
  // Ends rounds, then waits `drainNs` for an outstanding answer before it reports settled. The thread keeps the socket
  // a while longer when that was not enough.
  void close(int64_t drainNs) { interrupt_.endRounds(monotonicNs() + drainNs); }
  // Waits for the thread, which ends after `drainNs` at the latest. Once, after start.
  void join(int64_t drainNs);

  TelemetryPeer::Opened opened() const { return opened_; }
  const Failure& why() const { return why_; }
  const Handshake& handshake() const { return peer_.handshake(); }

 private:
  void run();
  void serve();
  bool perform(const RoundRequest& request);
  bool performSeries(const RoundRequest& request);
  bool deliver(Round round);

  const std::string path_;
  const int64_t deadlineNs_;
  Report report_ = nullptr;
  void* context_ = nullptr;
  pthread_t thread_ = {};
  Interrupt interrupt_;
  TelemetryPeer peer_;
  TelemetryPeer::Opened opened_ = TelemetryPeer::Opened::kRefused;
  Failure why_;
  std::atomic<bool> isStopAsked_{false};
  // Guards what follows.
  std::mutex mutex_;
  bool isAsked_ = false;
  RoundRequest request_;
  std::vector<Round> rounds_;
};

}  // namespace fournines

#endif  // FOURNINES_TELEMETRY_CONNECTION_H_
