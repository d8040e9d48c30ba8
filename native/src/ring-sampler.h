#ifndef FOURNINES_RING_SAMPLER_H_
#define FOURNINES_RING_SAMPLER_H_

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "bus-guard.h"
#include "failure.h"
#include "remote-rings.h"
#include "ring-memory.h"
#include "ring-slot.h"

namespace fournines {

// Finished slots that wait to be taken.
constexpr size_t kSlotsKept = 120;

// Why a ring is no longer sampled. Values of ringEnds in facade.ts.
enum class RingEnd : uint8_t { kFaulted = 0, kReset = 1, kGone = 2, kRefused = 3 };

struct FinishedRing {
  uint32_t id = 0;
  RingSlot slot;
};

struct FinishedSlot {
  int64_t slot = 0;
  std::vector<FinishedRing> rings;
};

struct EndedRing {
  uint32_t id = 0;
  RingEnd why = RingEnd::kFaulted;
  int64_t wallNs = 0;
};

// What the thread did since it began.
struct SamplerTotals {
  uint64_t ticks = 0;
  uint64_t late = 0;
  uint64_t missed = 0;
  // Sum and greatest of the time from when a tick was due to its first read.
  uint64_t latenessNs = 0;
  uint64_t latenessNsMax = 0;
  // Whole slots in which no tick was taken, and slots that the wall clock told a second time.
  uint64_t slotsSkipped = 0;
  uint64_t slotsRepeated = 0;
  // Finished slots that nobody took in time.
  uint64_t slotsLost = 0;
  // The slot finished last; 0: none yet.
  uint64_t newestSlot = 0;
  // CPU time of the thread.
  uint64_t cpuNs = 0;
};

struct TakenSlots {
  std::deque<FinishedSlot> slots;
  std::vector<EndedRing> ended;
  SamplerTotals totals;
};

// Samples rings on a thread of its own, each `periodNs` of CLOCK_MONOTONIC. The other functions belong to the thread
// that made it; guest memory is touched by the sampler's thread alone, with no lock held, so that a read that hangs
// (a page that somebody has yet to bring) hangs nobody else.
class RingSampler : public std::enable_shared_from_this<RingSampler> {
 public:
  explicit RingSampler(int64_t periodNs) : periodNs_(periodNs) {}
  RingSampler(const RingSampler&) = delete;
  RingSampler& operator=(const RingSampler&) = delete;

  Failure start();
  // Sampled from the next slot on.
  Failure add(const RingPlace& place);
  // Not read any more after the tick that is under way.
  void remove(uint32_t id);
  TakenSlots take();
  // Waits for the thread, at most a second: one that hangs in a read is left behind and keeps itself alive.
  void stop();

 private:
  struct Ring {
    RingPlace place;
    // No file: read through RemoteRings.
    RingMemory memory;
    bool isEnded = false;
    RingState last = RingState::kUnknown;
  };
  // What a sample touches, one beside the other in the order of columns.
  struct Hot {
    const uint16_t* used = nullptr;
    const uint16_t* avail = nullptr;
    uint16_t lastUsed = 0;
    uint16_t lastAvail = 0;
    uint16_t size = 0;
    uint8_t isToGuest = 0;
    // Sampled before; has moved since it was added; samples in a row without a movement, at most 255.
    uint8_t isKnown = 0;
    uint8_t isBorn = 0;
    uint8_t idle = 0;
  };
  struct Column {
    std::shared_ptr<Ring> ring;
    RingColumn told;
  };
  // A slot and the rings it has.
  struct Page {
    SlotSamples samples;
    std::vector<Column> columns;
    size_t summarised = 0;
    std::vector<FinishedRing> finished;
  };
  struct Change {
    std::shared_ptr<Ring> added;
    uint32_t removedId = 0;
  };

  void run();
  void tick(int64_t dueNs, int64_t monoNs, int64_t wallNs, uint32_t missed);
  void sample();
  void sampleMapped();
  void note(size_t column, uint16_t used, uint16_t avail);
  bool isReset(const Hot& hot, uint16_t used, uint16_t avail) const;
  void end(size_t column, RingEnd why);
  void applyChanges();
  void dropRing(uint32_t id);
  void turn(int64_t slot, int64_t monoNs, int64_t wallNs);
  void beginPage(int64_t slot, size_t rings);
  void groupRemote();
  void summariseSome(size_t ringsMax);
  void publish();

  const int64_t periodNs_;
  BusGuard guard_;
  pthread_t thread_ = {};
  bool isStarted_ = false;
  std::atomic<bool> isStopAsked_{false};
  std::atomic<bool> isOver_{false};
  std::atomic<bool> hasChanges_{false};

  // The thread's own.
  std::vector<std::shared_ptr<Ring>> rings_;
  std::vector<Hot> hot_;
  std::vector<RemoteRings> remote_;
  // Rings that are copied came or went.
  bool isRemoteStale_ = false;
  // Where a read is under way: what a jump out of it must find in memory.
  volatile size_t cursor_ = 0;
  uint16_t* row_ = nullptr;
  Page present_;
  Page closing_;
  bool isClosing_ = false;
  bool isRepeated_ = false;
  int64_t newestSlot_ = -1;
  // CLOCK_MONOTONIC at the beginning of the present slot, and of the last sample.
  int64_t slotMonoNs_ = 0;
  int64_t lastMonoNs_ = 0;
  SamplerTotals ownTotals_;

  // Guards what follows; held for moments, never while guest memory is read.
  std::mutex mutex_;
  std::vector<Change> changes_;
  TakenSlots taken_;
};

}  // namespace fournines

#endif  // FOURNINES_RING_SAMPLER_H_
