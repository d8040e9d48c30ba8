#ifndef FOURNINES_RING_SLOT_H_
#define FOURNINES_RING_SLOT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fournines {

// One second of samples, and what is made of them. Pure: knows no clock, no thread, no memory of guests.

constexpr int64_t kSlotNs = 1000000000;
// Two samples further apart than this say nothing of the time between them.
constexpr int64_t kGapNs = 5000000;
// Ticks that one slot may hold; more only where the wall clock is set back within it.
constexpr size_t kRowsMax = 2000;
// Instead of a fill: not sampled; pending buffers beyond the ring's size.
constexpr uint16_t kNoFill = 0xffff;
constexpr uint16_t kSuspectFill = 0xfffe;
constexpr size_t kBuckets = 10;
constexpr size_t kRunsMax = 32;
// Runs shorter than this are in the sums alone.
constexpr int64_t kRunNs = 1000000;

// The samples of all rings in one slot: a row a tick, a column a ring.
struct SlotSamples {
  int64_t slot = -1;
  // Time of each row from the slot's beginning.
  std::vector<int64_t> offsets;
  std::vector<uint8_t> isLate;
  // Ticks not taken right before a row, and after the last one.
  std::vector<uint32_t> missed;
  uint32_t missedAfter = 0;
  // The row after the last, in the next slot; -1: there is none near enough.
  int64_t nextOffset = -1;
  size_t stride = 0;
  std::vector<uint16_t> fills;

  void begin(int64_t newSlot, size_t columns);
  size_t rows() const { return offsets.size(); }
  const uint16_t* row(size_t index) const { return fills.data() + index * stride; }
};

// What a ring was at the end of the slot before; nothing where that is not known.
enum class RingState : uint8_t { kUnknown, kEmpty, kFull, kBetween };

struct RingColumn {
  size_t column = 0;
  uint16_t size = 0;
  // The rows that it has.
  size_t endRow = SIZE_MAX;
  RingState before = RingState::kUnknown;
  // First fill of the next slot; kNoFill where there is none.
  uint16_t next = kNoFill;
};

// A run of samples at which the ring was full, or its piece in this slot.
struct RingRun {
  int64_t fromNs = 0;
  // From the first full sample to the first that was not.
  int64_t lengthNs = 0;
  // From the first full sample to the last; from the sample before to the sample after.
  int64_t lengthNsMin = 0;
  int64_t lengthNsMax = 0;
  bool beganBefore = false;
  bool goesOn = false;
};

struct RingSlot {
  // Those with a fill, and those without since they cannot be.
  uint64_t samples = 0;
  uint64_t suspect = 0;
  uint64_t late = 0;
  uint64_t missed = 0;
  uint64_t fillMax = 0;
  uint64_t fillP99 = 0;
  // Empty; (0, 1/8] of the size ... (7/8, 1); full.
  uint64_t buckets[kBuckets] = {};
  int64_t fullNs = 0;
  int64_t fullRunNs = 0;
  int64_t fullRunAtNs = 0;
  int64_t emptyNs = 0;
  int64_t emptyRunNs = 0;
  uint64_t runsLeftOut = 0;
  std::vector<RingRun> runs;
  // Of the last row, when the next slot follows without a gap.
  RingState after = RingState::kUnknown;
};

RingSlot summarise(const SlotSamples& samples, const RingColumn& ring);

RingState stateOf(uint16_t fill, uint16_t size);

}  // namespace fournines

#endif  // FOURNINES_RING_SLOT_H_
