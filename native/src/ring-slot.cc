#include "ring-slot.h"

#include <algorithm>

namespace fournines {

namespace {

// Follows the runs of one state through a slot.
class RunFollower {
 public:
  explicit RunFollower(RingState state) : state_(state) {}

  int64_t totalNs = 0;
  int64_t longestNs = 0;
  int64_t longestAtNs = 0;
  std::vector<RingRun> runs;

  // The ring was in `state` from a sample (or the slot's beginning) at `fromNs`, and it is known to `toNs`; the sample
  // before that one was at `beforeNs`. `isSample` false: the sample stands in the slot before.
  void take(RingState state, int64_t beforeNs, int64_t fromNs, int64_t toNs, bool isSample) {
    if (state != state_) {
      close(fromNs, isSample ? fromNs : 0);
      return;
    }
    if (!isOpen_) {
      isOpen_ = true;
      run_ = {};
      run_.fromNs = fromNs;
      run_.beganBefore = !isSample;
      beforeNs_ = isSample ? beforeNs : 0;
    }
    lastNs_ = fromNs;
    endNs_ = toNs;
  }

  // The next sample was at `afterNs`, and says nothing of the time from `endNs_` to it.
  void breakOff(int64_t afterNs) { close(endNs_, afterNs); }

  // The slot ends, the ring's state is known beyond it; `isStill`: the next sample finds it in this one.
  void goOn(bool isStill) {
    if (!isOpen_) return;
    run_.goesOn = true;
    if (isStill) lastNs_ = kSlotNs;
    close(kSlotNs, kSlotNs);
  }

 private:
  void close(int64_t endNs, int64_t afterNs) {
    if (!isOpen_) return;
    isOpen_ = false;
    run_.lengthNs = endNs - run_.fromNs;
    run_.lengthNsMin = lastNs_ - run_.fromNs;
    run_.lengthNsMax = std::max(afterNs, endNs) - beforeNs_;
    totalNs += run_.lengthNs;
    if (run_.lengthNs > longestNs) {
      longestNs = run_.lengthNs;
      longestAtNs = run_.fromNs;
    }
    if (run_.lengthNs >= kRunNs || run_.beganBefore || run_.goesOn) runs.push_back(run_);
  }

  const RingState state_;
  bool isOpen_ = false;
  RingRun run_;
  int64_t beforeNs_ = 0;
  int64_t lastNs_ = 0;
  int64_t endNs_ = 0;
};

size_t bucketOf(uint16_t fill, uint16_t size) {
  if (fill == 0) return 0;
  if (fill == size) return kBuckets - 1;
  return 1 + (static_cast<uint32_t>(fill) * 8 - 1) / size;
}

// Where there are too many: those that other slots join on to first, then the longest.
void keepMost(std::vector<RingRun>* runs, uint64_t* leftOut) {
  if (runs->size() <= kRunsMax) return;
  std::sort(runs->begin(), runs->end(), [](const RingRun& a, const RingRun& b) {
    const bool joinsA = a.beganBefore || a.goesOn;
    const bool joinsB = b.beganBefore || b.goesOn;
    return joinsA != joinsB ? joinsA : a.lengthNs > b.lengthNs;
  });
  *leftOut = runs->size() - kRunsMax;
  runs->resize(kRunsMax);
  std::sort(runs->begin(), runs->end(), [](const RingRun& a, const RingRun& b) { return a.fromNs < b.fromNs; });
}

void countFills(const SlotSamples& samples, const RingColumn& ring, size_t end, RingSlot* slot) {
  std::vector<uint16_t> fills;
  fills.reserve(end);
  for (size_t i = 0; i < end; i++) {
    const uint16_t fill = samples.row(i)[ring.column];
    if (fill == kNoFill) continue;
    slot->late += samples.isLate[i];
    if (fill == kSuspectFill) {
      slot->suspect++;
      continue;
    }
    fills.push_back(fill);
    slot->buckets[bucketOf(fill, ring.size)]++;
  }
  slot->samples = fills.size();
  if (fills.empty()) return;
  // The smallest fill that at least 99 of 100 samples do not exceed.
  const size_t rank = (fills.size() * 99 + 99) / 100 - 1;
  std::nth_element(fills.begin(), fills.begin() + static_cast<std::ptrdiff_t>(rank), fills.end());
  slot->fillP99 = fills[rank];
  slot->fillMax = *std::max_element(fills.begin() + static_cast<std::ptrdiff_t>(rank), fills.end());
}

void followRuns(const SlotSamples& samples, const RingColumn& ring, size_t end, RingSlot* slot) {
  RunFollower full(RingState::kFull);
  RunFollower empty(RingState::kEmpty);
  int64_t beforeNs = 0;
  if (ring.before != RingState::kUnknown && end > 0) {
    for (RunFollower* const runs : {&full, &empty}) runs->take(ring.before, 0, 0, samples.offsets[0], false);
  }
  const bool isWhole = end == samples.rows();
  for (size_t i = 0; i < end; i++) {
    const int64_t atNs = samples.offsets[i];
    const bool isLast = i + 1 == end;
    const int64_t nextNs = !isLast ? samples.offsets[i + 1] : isWhole ? samples.nextOffset : -1;
    const bool isNear = nextNs >= 0 && nextNs - atNs <= kGapNs;
    const RingState state = stateOf(samples.row(i)[ring.column], ring.size);
    const int64_t toNs = std::min(isNear ? nextNs : atNs + kRunNs, kSlotNs);
    for (RunFollower* const runs : {&full, &empty}) {
      runs->take(state, beforeNs, atNs, toNs, true);
      if (!isNear) runs->breakOff(std::min(nextNs < 0 ? kSlotNs : nextNs, kSlotNs));
      if (isNear && isLast) runs->goOn(stateOf(ring.next, ring.size) == state);
    }
    if (isNear && isLast) slot->after = state;
    beforeNs = atNs;
  }
  slot->fullNs = full.totalNs;
  slot->fullRunNs = full.longestNs;
  slot->fullRunAtNs = full.longestAtNs;
  slot->emptyNs = empty.totalNs;
  slot->emptyRunNs = empty.longestNs;
  keepMost(&full.runs, &slot->runsLeftOut);
  slot->runs = std::move(full.runs);
}

}  // namespace

void SlotSamples::begin(int64_t newSlot, size_t columns) {
  slot = newSlot;
  offsets.clear();
  isLate.clear();
  missed.clear();
  missedAfter = 0;
  nextOffset = -1;
  stride = columns;
  fills.resize(kRowsMax * columns);
}

RingState stateOf(uint16_t fill, uint16_t size) {
  if (fill == kNoFill || fill == kSuspectFill) return RingState::kUnknown;
  if (fill == 0) return RingState::kEmpty;
  return fill == size ? RingState::kFull : RingState::kBetween;
}

RingSlot summarise(const SlotSamples& samples, const RingColumn& ring) {
  RingSlot slot;
  const size_t end = std::min(ring.endRow, samples.rows());
  for (size_t i = 0; i < end; i++) slot.missed += samples.missed[i];
  if (end == samples.rows()) slot.missed += samples.missedAfter;
  countFills(samples, ring, end, &slot);
  followRuns(samples, ring, end, &slot);
  return slot;
}

}  // namespace fournines
