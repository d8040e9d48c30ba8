#include "stall-track.h"

#include <algorithm>

namespace fournines {

namespace {

// Run delay of less than this is shared out with later samples: reading a status costs ten times a schedstat.
constexpr uint64_t kSplitNs = 250000;
// A thread that rests is looked at again so often, ns: has it been woken, and waits?
constexpr int64_t kRestLookNs = 500000000;

bool isRunnable(const ThreadStatus& status) { return status.state == 'R'; }
bool isStop(const ThreadStatus& status) { return status.state == 'T' || status.state == 't'; }

// A counter that fell: read as if nothing had been counted.
uint64_t rise(uint64_t before, uint64_t now) { return now > before ? now - before : 0; }

}  // namespace

bool StallTrack::needsStatus(const Schedstat& now, const SampleTime& time) const {
  if (!isOpen_ || isStopped_ || rise(seen_.delayNs, now.delayNs) >= kSplitNs) return true;
  // The last part of a wait that was booked in parts.
  if (now.timeslices != last_.timeslices && partNs_ >= kSplitNs) return true;
  const bool moves = now.timeslices != last_.timeslices || now.runNs != last_.runNs || now.delayNs != last_.delayNs;
  if (moves) return false;
  // Arrived nowhere and ran nothing: it sleeps, waits, is stopped, or runs on a CPU without a tick.
  return hasMoved_ || (!isWaiting_ && time.fromNs - statusFromNs_ >= kRestLookNs);
}

bool StallTrack::needsConfirmation(const Schedstat& now, const ThreadStatus& status) const {
  if (!isOpen_) return false;
  const uint64_t voluntary = rise(status_.voluntary, status.voluntary);
  const uint64_t involuntary = rise(status_.involuntary, status.involuntary);
  if (voluntary + involuntary == 0) return false;
  // Runnable when its state was printed, off its CPU when its switches were: it waits, or has just gone to sleep.
  if (isRunnable(status)) return now.timeslices == last_.timeslices;
  // The one voluntary switch has not been followed by a wait only if it sleeps by now.
  return voluntary == 1 && involuntary > 0;
}

void StallTrack::pass(const Schedstat& now, const SampleTime& time) {
  sums_.samples++;
  if (now.timeslices != last_.timeslices) {
    measure(now, nullptr, Place::kUnknown, StallKind::kMixed, time, nullptr);
    isWaiting_ = false;
  } else {
    partNs_ += rise(last_.delayNs, now.delayNs);
    if (isWaiting_ && now.runNs != last_.runNs) {
      // It was on a CPU after all.
      isWaiting_ = false;
      hasOffset_ = false;
    }
  }
  move(now, time);
}

void StallTrack::look(const Schedstat& now, const ThreadStatus& status, bool isSettled, const SampleTime& time,
                      std::vector<Stall>* stalls) {
  if (!isOpen_) {
    open(now, status, time);
    return;
  }
  sums_.samples++;
  const bool arrived = now.timeslices != last_.timeslices;
  const StallKind kind = split(now, status, isSettled);
  const Place place = placeOf(now, status);
  if (arrived) {
    measure(now, &status, place, kind, time, stalls);
    isWaiting_ = false;
  } else {
    partNs_ += rise(last_.delayNs, now.delayNs);
  }
  followWait(now, status, isSettled, place, time);
  followStop(now, status, time, stalls);
  seen_ = now;
  status_ = status;
  statusFromNs_ = time.fromNs;
  place_ = place;
  move(now, time);
}

void StallTrack::open(const Schedstat& now, const ThreadStatus& status, const SampleTime& time) {
  isOpen_ = true;
  last_ = seen_ = now;
  lastTime_ = time;
  status_ = status;
  statusFromNs_ = time.fromNs;
  restFromNs_ = time.fromNs;
  hasMoved_ = true;
  place_ = placeOf(now, status);
  if (!isRunnable(status)) lastSwitch_ = Switch::kVoluntary;
  if (isStop(status)) {
    isStopped_ = true;
    stopFromNs_ = time.fromNs;
    stopSureNs_ = stopSeenNs_ = time.atNs;
  }
}

StallTrack::Place StallTrack::placeOf(const Schedstat& now, const ThreadStatus& status) {
  const int64_t balance = static_cast<int64_t>(now.timeslices - status.voluntary - status.involuntary);
  if (!isRunnable(status)) {
    offset_ = balance;
    hasOffset_ = true;
    return Place::kOffCpu;
  }
  const bool switched = !isOpen_ || now.timeslices != seen_.timeslices || status.voluntary != status_.voluntary ||
                        status.involuntary != status_.involuntary;
  const bool runsOn = !switched && now.runNs != seen_.runNs;
  // The offset begins at 0 and can only fall, so a balance of 1 is a thread that runs.
  if (runsOn || (hasOffset_ && balance > offset_) || (!hasOffset_ && balance == 1)) {
    offset_ = balance - 1;
    hasOffset_ = true;
    return Place::kOnCpu;
  }
  return hasOffset_ ? Place::kOffCpu : Place::kUnknown;
}

// Shares out the run delay since the last status.
StallKind StallTrack::split(const Schedstat& now, const ThreadStatus& status, bool isSettled) {
  const uint64_t delayNs = rise(seen_.delayNs, now.delayNs);
  const uint64_t voluntary = rise(status_.voluntary, status.voluntary);
  const uint64_t involuntary = rise(status_.involuntary, status.involuntary);
  // The wait that was under way, or had not begun, at the last status belongs to the switch before it.
  const bool isCarried = place_ != Place::kOnCpu;
  const bool sleeps = !isRunnable(status) && voluntary > 0 && (involuntary == 0 || voluntary > 1 || isSettled);
  const bool mayBeInvoluntary = involuntary > 0 || (isCarried && lastSwitch_ != Switch::kVoluntary);
  const bool mayBeWakeup = voluntary > (sleeps ? 1u : 0u) || (isCarried && lastSwitch_ != Switch::kInvoluntary);
  const StallKind kind = mayBeInvoluntary == mayBeWakeup ? StallKind::kMixed
                         : mayBeInvoluntary              ? StallKind::kInvoluntary
                                                         : StallKind::kWakeup;
  if (kind == StallKind::kInvoluntary) sums_.delayInvoluntaryLowNs += delayNs;
  if (kind != StallKind::kWakeup) sums_.delayInvoluntaryHighNs += delayNs;
  if (voluntary + involuntary > 0) {
    lastSwitch_ = involuntary == 0                        ? Switch::kVoluntary
                  : voluntary == 0                        ? Switch::kInvoluntary
                  : !isRunnable(status) && isSettled      ? Switch::kVoluntary
                                                          : Switch::kEither;
  }
  return kind;
}

// Waits that ended since the last sample. Without a status they are less than what makes a stall.
void StallTrack::measure(const Schedstat& now, const ThreadStatus* status, Place place, StallKind kind,
                         const SampleTime& time, std::vector<Stall>* stalls) {
  const uint64_t delayNs = partNs_ + rise(last_.delayNs, now.delayNs);
  partNs_ = 0;
  if (delayNs == 0) return;
  Stall stall;
  stall.kind = kind;
  stall.waits = rise(last_.timeslices, now.timeslices);
  // A thread that waits again may have had a part of that wait booked, where it can be moved between CPUs.
  const bool hasPart = status == nullptr || (!status->isPinned && isRunnable(*status) && place != Place::kOnCpu);
  stall.lowNs = std::max(delayNs / (std::max<uint64_t>(stall.waits, 1) + (hasPart ? 1 : 0)), carriedNs(delayNs, time));
  stall.highNs = delayNs;
  stall.fromNs = std::max(waitFromNs(), lastTime_.fromNs - static_cast<int64_t>(delayNs));
  stall.toNs = time.atNs;
  noteStall(stall, stalls);
}

void StallTrack::followWait(const Schedstat& now, const ThreadStatus& status, bool isSettled, Place place,
                            const SampleTime& time) {
  const bool switched = status.voluntary != status_.voluntary || status.involuntary != status_.involuntary;
  const bool rests = now.timeslices == last_.timeslices && now.runNs == last_.runNs;
  const bool waits = isRunnable(status) && place == Place::kOffCpu && rests && (isSettled || !switched);
  if (waits && !isWaiting_) {
    waitSureNs_ = time.atNs;
    restFromNs_ = waitFromNs();
  }
  isWaiting_ = waits;
}

void StallTrack::followStop(const Schedstat& now, const ThreadStatus& status, const SampleTime& time,
                            std::vector<Stall>* stalls) {
  const bool arrived = now.timeslices != seen_.timeslices;
  if (isStopped_ && (arrived || !isStop(status))) endStop(time.atNs, stalls);
  if (!isStop(status)) return;
  if (isStopped_) {
    sums_.stoppedNs += static_cast<uint64_t>(std::max<int64_t>(time.fromNs - stopSeenNs_, 0));
  } else {
    isStopped_ = true;
    const bool ran = now.timeslices != last_.timeslices || now.runNs != last_.runNs;
    stopFromNs_ = ran ? lastTime_.fromNs : restFromNs_;
    stopSureNs_ = time.atNs;
  }
  stopSeenNs_ = time.atNs;
}

// The thread was seen stopped for the last time at stopSeenNs_; by `toNs` it was not any more.
void StallTrack::endStop(int64_t toNs, std::vector<Stall>* stalls) {
  isStopped_ = false;
  Stall stall;
  stall.kind = StallKind::kStopped;
  stall.fromNs = stopFromNs_;
  stall.toNs = toNs;
  stall.lowNs = static_cast<uint64_t>(stopSeenNs_ - stopSureNs_);
  stall.highNs = static_cast<uint64_t>(toNs - stopFromNs_);
  noteStall(stall, stalls);
}

// A wait that is under way at the last sample, or begins after it, did not begin before.
int64_t StallTrack::waitFromNs() const {
  const bool hasRested = seen_.timeslices == last_.timeslices && seen_.runNs == last_.runNs;
  if (hasRested && place_ == Place::kOnCpu && statusFromNs_ == lastTime_.fromNs) return lastTime_.fromNs;
  // It slept then.
  if (hasRested && !isRunnable(status_)) return std::max(restFromNs_, statusFromNs_);
  return restFromNs_;
}

// Waits that began since the last sample cannot add up to more than the time since then. Whatever was booked beyond that is
// of one wait, which was under way already. 0: the numbers do not fit together, or there was none.
uint64_t StallTrack::carriedNs(uint64_t delayNs, const SampleTime& time) const {
  const uint64_t carriedNs = rise(static_cast<uint64_t>(std::max<int64_t>(time.atNs - lastTime_.fromNs, 0)), delayNs);
  const int64_t restedNs = lastTime_.fromNs - waitFromNs();
  return restedNs > 0 && carriedNs <= static_cast<uint64_t>(restedNs) ? carriedNs : 0;
}

uint64_t StallTrack::waitedSureNs() const {
  // In the sample in which it is first seen the one is the end and the other the beginning of the same reads.
  return isWaiting_ && lastTime_.fromNs > waitSureNs_ ? static_cast<uint64_t>(lastTime_.fromNs - waitSureNs_) : 0;
}

void StallTrack::move(const Schedstat& now, const SampleTime& time) {
  hasMoved_ = now.timeslices != last_.timeslices || now.runNs != last_.runNs || now.delayNs != last_.delayNs;
  // Whoever ran since the last sample left its CPU after it, if at all.
  if (now.timeslices != last_.timeslices || now.runNs != last_.runNs) restFromNs_ = lastTime_.fromNs;
  last_ = now;
  lastTime_ = time;
}

void StallTrack::noteStall(const Stall& stall, std::vector<Stall>* stalls) {
  sums_.longestLowNs = std::max(sums_.longestLowNs, stall.lowNs);
  sums_.longestHighNs = std::max(sums_.longestHighNs, stall.highNs);
  const bool isLong = stall.lowNs > thresholdNs_;
  if (isLong && !stall.goesOn) sums_.stalls++;
  if (stalls != nullptr && (isLong || stall.kind == StallKind::kStopped)) stalls->push_back(stall);
}

StallSums StallTrack::take(std::vector<Stall>* stalls) {
  Stall stall;
  stall.toNs = lastTime_.atNs;
  stall.goesOn = true;
  if (isStopped_) {
    stall.kind = StallKind::kStopped;
    stall.fromNs = stopFromNs_;
    stall.lowNs = static_cast<uint64_t>(stopSeenNs_ - stopSureNs_);
    stall.highNs = static_cast<uint64_t>(lastTime_.atNs - stopFromNs_);
    noteStall(stall, stalls);
  } else if (isOpen_ && isRunnable(status_) && place_ != Place::kOnCpu && last_.timeslices == seen_.timeslices) {
    // Off its CPU as far as can be told, even if not surely.
    stall.kind = StallKind::kWaiting;
    stall.fromNs = restFromNs_;
    stall.lowNs = std::max(waitedSureNs(), partNs_);
    stall.highNs = static_cast<uint64_t>(lastTime_.atNs - restFromNs_);
    noteStall(stall, stalls);
  }
  const StallSums sums = sums_;
  sums_.longestLowNs = 0;
  sums_.longestHighNs = 0;
  return sums;
}

}  // namespace fournines
