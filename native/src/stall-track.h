#ifndef FOURNINES_STALL_TRACK_H_
#define FOURNINES_STALL_TRACK_H_

#include <cstdint>
#include <vector>

namespace fournines {

// /proc/PID/task/TID/schedstat.
struct Schedstat {
  uint64_t runNs = 0;
  uint64_t delayNs = 0;
  uint64_t timeslices = 0;
};

// What /proc/PID/task/TID/status tells of the scheduler.
struct ThreadStatus {
  char state = '?';
  // May run on one CPU only.
  bool isPinned = false;
  uint64_t voluntary = 0;
  uint64_t involuntary = 0;

  bool isSameAs(const ThreadStatus& other) const {
    return state == other.state && voluntary == other.voluntary && involuntary == other.involuntary;
  }
};

// When a sample was taken: CLOCK_BOOTTIME right before and right after its reads, ns.
struct SampleTime {
  int64_t fromNs = 0;
  int64_t atNs = 0;
};

// Values of stallKinds in facade.ts, in its order from 1.
enum class StallKind : uint64_t { kInvoluntary = 1, kWakeup, kMixed, kWaiting, kStopped };

// A stall lies wholly within [fromNs, toNs]; the longest single one there is within [lowNs, highNs].
struct Stall {
  StallKind kind = StallKind::kMixed;
  int64_t fromNs = 0;
  int64_t toNs = 0;
  uint64_t lowNs = 0;
  uint64_t highNs = 0;
  // Waits that ended there.
  uint64_t waits = 0;
  bool goesOn = false;
};

// Sums since the track began but for the longest stall, which is since it was last asked for.
struct StallSums {
  uint64_t delayInvoluntaryLowNs = 0;
  uint64_t delayInvoluntaryHighNs = 0;
  uint64_t stoppedNs = 0;
  uint64_t samples = 0;
  // Surely longer than the threshold.
  uint64_t stalls = 0;
  uint64_t longestLowNs = 0;
  uint64_t longestHighNs = 0;
};

// Follows one thread from sample to sample: which of its run delay came after an involuntary switch, how long single waits
// were, and whether it waits or is stopped right now. No input or output.
//
// The kernel books a wait when it ends, and counts an arrival on a CPU (timeslices) and a departure from one (voluntary or
// involuntary switch) each time. Arrivals less departures tell whether the thread is on a CPU, up to an offset that may
// fall: preempted on its way to sleep, a thread's return is not counted (and its wait is not booked). So the offset is
// taken anew whenever the thread is seen asleep, or running without a switch; a wrong one only widens bounds.
class StallTrack {
 public:
  explicit StallTrack(uint64_t thresholdNs) : thresholdNs_(thresholdNs) {}

  // Whether a sample with these numbers has to bring the status too.
  bool needsStatus(const Schedstat& now, const SampleTime& time) const;
  // Whether the status has to be read twice: its lines are not from one instant, and it matters here.
  bool needsConfirmation(const Schedstat& now, const ThreadStatus& status) const;
  // A sample without status.
  void pass(const Schedstat& now, const SampleTime& time);
  // A sample with status, from one instant as far as switches go. `isSettled`: the status was read twice and was the same.
  // Stalls that ended are added to `stalls`.
  void look(const Schedstat& now, const ThreadStatus& status, bool isSettled, const SampleTime& time,
            std::vector<Stall>* stalls);
  // What goes on at the last sample, as rows; then the longest stall begins anew.
  StallSums take(std::vector<Stall>* stalls);

  const Schedstat& schedstat() const { return last_; }
  const ThreadStatus& status() const { return status_; }

 private:
  enum class Place { kOnCpu, kOffCpu, kUnknown };
  enum class Switch { kVoluntary, kInvoluntary, kEither };

  void open(const Schedstat& now, const ThreadStatus& status, const SampleTime& time);
  Place placeOf(const Schedstat& now, const ThreadStatus& status);
  StallKind split(const Schedstat& now, const ThreadStatus& status, bool isSettled);
  void measure(const Schedstat& now, const ThreadStatus* status, Place place, StallKind kind, const SampleTime& time,
               std::vector<Stall>* stalls);
  void followWait(const Schedstat& now, const ThreadStatus& status, bool isSettled, Place place, const SampleTime& time);
  void followStop(const Schedstat& now, const ThreadStatus& status, const SampleTime& time, std::vector<Stall>* stalls);
  void endStop(int64_t toNs, std::vector<Stall>* stalls);
  void move(const Schedstat& now, const SampleTime& time);
  void noteStall(const Stall& stall, std::vector<Stall>* stalls);
  int64_t waitFromNs() const;
  uint64_t carriedNs(uint64_t delayNs, const SampleTime& time) const;
  uint64_t waitedSureNs() const;

  const uint64_t thresholdNs_;
  bool isOpen_ = false;
  StallSums sums_;

  // Of the last sample.
  Schedstat last_;
  SampleTime lastTime_;
  bool hasMoved_ = false;
  // The last departure, if the thread is off its CPU, was not before.
  int64_t restFromNs_ = 0;

  // Of the last sample with a status.
  Schedstat seen_;
  ThreadStatus status_;
  int64_t statusFromNs_ = 0;
  Place place_ = Place::kUnknown;
  Switch lastSwitch_ = Switch::kEither;
  // Arrivals less departures of a thread that is off its CPU.
  int64_t offset_ = 0;
  bool hasOffset_ = false;

  // Parts of a wait that the kernel booked while it went on (a waiting thread was moved to another CPU).
  uint64_t partNs_ = 0;
  bool isWaiting_ = false;
  int64_t waitSureNs_ = 0;
  bool isStopped_ = false;
  int64_t stopFromNs_ = 0;
  int64_t stopSureNs_ = 0;
  int64_t stopSeenNs_ = 0;
};

}  // namespace fournines

#endif  // FOURNINES_STALL_TRACK_H_
