// The sums of one second of samples against a plain reading of them, on random seconds. Run by native/sanitize.mjs.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "../../native/src/ring-slot.h"

using namespace fournines;

namespace {

#define DEMAND(what)                                       \
  if (!(what)) {                                           \
    printf("round %d: not so: %s\n", round, #what);        \
    exit(1);                                               \
  }

uint32_t pick(std::mt19937* random, uint32_t below) { return (*random)() % below; }

SlotSamples makeSamples(std::mt19937* random, uint16_t size) {
  SlotSamples samples;
  samples.begin(7, 1);
  int64_t at = pick(random, 1000000);
  const uint32_t rows = pick(random, 1200);
  uint16_t fill = 0;
  for (uint32_t i = 0; i < rows && at < kSlotNs; i++) {
    samples.offsets.push_back(at);
    samples.isLate.push_back(pick(random, 20) == 0);
    samples.missed.push_back(pick(random, 50) == 0 ? pick(random, 9) : 0);
    if (pick(random, 4) == 0) {
      const uint32_t what = pick(random, 6);
      fill = what == 0 ? kSuspectFill : what == 1 ? kNoFill : what == 2 ? size : what == 3 ? 0 : pick(random, size + 1);
    }
    samples.fills[i] = fill;
    at += 1 + pick(random, pick(random, 30) == 0 ? 9000000 : 1100000);
  }
  samples.missedAfter = pick(random, 3);
  if (pick(random, 2) == 0) samples.nextOffset = kSlotNs + pick(random, 5000000);
  return samples;
}

void checkOne(int round, std::mt19937* random) {
  const uint16_t sizes[] = {1, 7, 256, 1024, 32768};
  const uint16_t size = sizes[pick(random, 5)];
  const SlotSamples samples = makeSamples(random, size);
  RingColumn ring;
  ring.size = size;
  if (pick(random, 3) == 0) ring.endRow = pick(random, 1300);
  const RingState states[] = {RingState::kUnknown, RingState::kEmpty, RingState::kFull, RingState::kBetween};
  ring.before = states[pick(random, 4)];
  ring.next = pick(random, 2) == 0 ? size : 0;
  const RingSlot slot = summarise(samples, ring);

  const size_t end = std::min(ring.endRow, samples.rows());
  std::vector<uint16_t> fills;
  uint64_t suspect = 0;
  for (size_t i = 0; i < end; i++) {
    suspect += samples.fills[i] == kSuspectFill;
    if (samples.fills[i] <= size) fills.push_back(samples.fills[i]);
  }
  std::sort(fills.begin(), fills.end());
  DEMAND(slot.samples == fills.size());
  DEMAND(slot.suspect == suspect);
  DEMAND(slot.fillMax == (fills.empty() ? 0 : fills.back()));
  if (!fills.empty()) {
    const auto within = [&](uint64_t fill) {
      return std::count_if(fills.begin(), fills.end(), [&](uint16_t f) { return f <= fill; });
    };
    DEMAND(within(slot.fillP99) * 100 >= static_cast<int64_t>(fills.size()) * 99);
    DEMAND(slot.fillP99 == 0 || within(slot.fillP99 - 1) * 100 < static_cast<int64_t>(fills.size()) * 99);
  }
  uint64_t sum = 0;
  for (size_t k = 0; k < kBuckets; k++) {
    sum += slot.buckets[k];
    const auto isIn = [&](uint16_t f) {
      if (k == 0) return f == 0;
      if (k == kBuckets - 1) return f == size && f != 0;
      return f != 0 && f != size && f * 8u > (k - 1) * size && f * 8u <= k * size;
    };
    DEMAND(slot.buckets[k] == static_cast<uint64_t>(std::count_if(fills.begin(), fills.end(), isIn)));
  }
  DEMAND(sum == slot.samples);
  DEMAND(slot.fullNs + slot.emptyNs <= kSlotNs && slot.fullNs >= 0 && slot.emptyNs >= 0);
  DEMAND(slot.fullRunNs <= slot.fullNs && slot.fullRunAtNs + slot.fullRunNs <= kSlotNs);
  DEMAND(slot.runs.size() <= kRunsMax);
  int64_t at = 0;
  int64_t listed = 0;
  for (const RingRun& run : slot.runs) {
    DEMAND(run.fromNs >= at && run.lengthNs >= 0 && run.fromNs + run.lengthNs <= kSlotNs);
    DEMAND(run.lengthNsMin >= 0 && run.lengthNsMin <= run.lengthNs && run.lengthNs <= run.lengthNsMax);
    DEMAND(!run.beganBefore || run.fromNs == 0);
    DEMAND(!run.goesOn || run.fromNs + run.lengthNs == kSlotNs);
    // Every sample within what is sure says full.
    for (size_t i = 0; i < end; i++) {
      if (samples.offsets[i] >= run.fromNs && samples.offsets[i] < run.fromNs + run.lengthNsMin) {
        DEMAND(samples.fills[i] == size);
      }
    }
    at = run.fromNs + run.lengthNs;
    listed += run.lengthNs;
  }
  DEMAND(listed <= slot.fullNs);
  DEMAND(slot.runsLeftOut == 0 || slot.runs.size() == kRunsMax);
}

}  // namespace

int main() {
  std::mt19937 random(20250101);
  for (int round = 0; round < 20000; round++) checkOne(round, &random);
  printf("20000 seconds of samples, sums as counted by hand\n");
  return 0;
}
