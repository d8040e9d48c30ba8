#include "ring-sampler.h"

#include <errno.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <utility>

#include "scheduling.h"

namespace fournines {

namespace {

constexpr int64_t kLateNs = 500000;
// Rings summarised in one tick after a slot has ended: about 0.1 ms, so that the next tick is not late.
constexpr size_t kSummarisedATick = 8;
// No queue of a guest passes as many packets: an index that goes further forward has gone back. Descriptors a us.
constexpr int64_t kAdvanceAUs = 20;
// A ring that rested so many samples and is found at its beginning has been set up anew.
constexpr uint8_t kRested = 8;
constexpr int64_t kJoinNs = 1000000000;
// Beyond so much time between two samples an index may have gone round: nothing is concluded from how far it went.
constexpr int64_t kJudgedNs = 3000000;

int64_t toNs(const timespec& time) { return int64_t{time.tv_sec} * kSlotNs + time.tv_nsec; }

// Neither clock can fail: both are known since Linux 2.6.
int64_t readClock(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return toNs(time);
}

void sleepUntil(int64_t monoNs) {
  const timespec until = {static_cast<time_t>(monoNs / kSlotNs), static_cast<long>(monoNs % kSlotNs)};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace

Failure RingSampler::start() {
  const Failure failure = guard_.open();
  if (failure.failed()) return failure;
  // The thread's own hold on us: whoever stops it may not wait for ever.
  auto* const self = new std::shared_ptr<RingSampler>(shared_from_this());
  const Failure started = startThread(
      "fn-rings",
      [](void* context) -> void* {
        auto* const sampler = static_cast<std::shared_ptr<RingSampler>*>(context);
        (*sampler)->run();
        (*sampler)->isOver_ = true;
        delete sampler;
        return nullptr;
      },
      self, &thread_);
  if (started.failed()) delete self;
  isStarted_ = !started.failed();
  return started;
}

Failure RingSampler::add(const RingPlace& place) {
  auto ring = std::make_shared<Ring>();
  ring->place = place;
  if (!place.path.empty()) {
    const Failure failure = ring->memory.map(place);
    if (failure.failed()) return failure;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  changes_.push_back({std::move(ring), 0});
  hasChanges_ = true;
  return success();
}

void RingSampler::remove(uint32_t id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  changes_.push_back({nullptr, id});
  hasChanges_ = true;
}

TakenSlots RingSampler::take() {
  TakenSlots taken;
  const std::lock_guard<std::mutex> lock(mutex_);
  taken.totals = taken_.totals;
  std::swap(taken, taken_);
  taken_.totals = taken.totals;
  clockid_t clock;
  timespec cpu = {};
  if (isStarted_ && !isOver_ && pthread_getcpuclockid(thread_, &clock) == 0 && clock_gettime(clock, &cpu) == 0) {
    taken.totals.cpuNs = static_cast<uint64_t>(toNs(cpu));
  }
  return taken;
}

void RingSampler::stop() {
  if (!isStarted_) return;
  isStarted_ = false;
  isStopAsked_ = true;
  timespec until = {};
  clock_gettime(CLOCK_REALTIME, &until);
  const int64_t deadlineNs = toNs(until) + kJoinNs;
  until = {static_cast<time_t>(deadlineNs / kSlotNs), static_cast<long>(deadlineNs % kSlotNs)};
  if (pthread_timedjoin_np(thread_, nullptr, &until) != 0) pthread_detach(thread_);
}

void RingSampler::run() {
  guard_.enter();
  askForShortSlices();
  // Else the kernel may wake us 50 us late, to save power.
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  int64_t dueNs = (readClock(CLOCK_MONOTONIC) / periodNs_ + 1) * periodNs_;
  lastMonoNs_ = dueNs;
  while (!isStopAsked_.load(std::memory_order_relaxed)) {
    sleepUntil(dueNs);
    const int64_t monoNs = readClock(CLOCK_MONOTONIC);
    const int64_t wallNs = readClock(CLOCK_REALTIME);
    const int64_t missed = (monoNs - dueNs) / periodNs_;
    tick(dueNs, monoNs, wallNs, static_cast<uint32_t>(missed));
    dueNs += (missed + 1) * periodNs_;
  }
}

void RingSampler::tick(int64_t dueNs, int64_t monoNs, int64_t wallNs, uint32_t missed) {
  if (hasChanges_.load(std::memory_order_relaxed)) applyChanges();
  const int64_t slot = wallNs / kSlotNs;
  uint32_t missedHere = missed;
  if (slot != present_.samples.slot) {
    // Of the ticks that were not taken, those that were due before this slot began belong to the one before.
    const int64_t sinceNs = std::min(wallNs - slot * kSlotNs, monoNs - dueNs);
    missedHere = std::min(missed, static_cast<uint32_t>(sinceNs / periodNs_));
    const int64_t leftNs = std::max<int64_t>(slotMonoNs_ + kSlotNs - dueNs, 0);
    const uint32_t dueThere = static_cast<uint32_t>((leftNs + periodNs_ - 1) / periodNs_);
    present_.samples.missedAfter += std::min(missed - missedHere, dueThere);
    turn(slot, monoNs, wallNs);
  }
  const int64_t latenessNs = monoNs - dueNs;
  ownTotals_.ticks++;
  ownTotals_.missed += missed;
  ownTotals_.latenessNs += static_cast<uint64_t>(latenessNs);
  ownTotals_.latenessNsMax = std::max(ownTotals_.latenessNsMax, static_cast<uint64_t>(latenessNs));
  SlotSamples& samples = present_.samples;
  if (samples.rows() < kRowsMax) {
    samples.offsets.push_back(std::min(monoNs - slotMonoNs_, kSlotNs));
    samples.missed.push_back(missedHere);
    row_ = samples.fills.data() + (samples.rows() - 1) * samples.stride;
    sample();
  } else {
    samples.missedAfter += missedHere + 1;
  }
  // Held up on the way is as late as woken late.
  const bool isLate = readClock(CLOCK_MONOTONIC) - dueNs > kLateNs;
  ownTotals_.late += isLate ? 1 : 0;
  if (samples.isLate.size() < samples.rows()) samples.isLate.push_back(isLate ? 1 : 0);
  lastMonoNs_ = monoNs;
  if (isClosing_) summariseSome(kSummarisedATick);
}

void RingSampler::sample() {
  cursor_ = 0;
  while (cursor_ < hot_.size()) {
    const bool isWhole = guard_.run([](void* self) { static_cast<RingSampler*>(self)->sampleMapped(); }, this);
    if (isWhole) break;
    row_[cursor_] = kNoFill;
    end(cursor_, RingEnd::kFaulted);
    cursor_ = cursor_ + 1;
  }
  if (isRemoteStale_) groupRemote();
  for (RemoteRings& process : remote_) {
    process.read(
        [this](size_t column, uint16_t used, uint16_t avail) { note(column, used, avail); },
        [this](size_t column, int error) {
          end(column, error == ESRCH ? RingEnd::kGone : error == EPERM ? RingEnd::kRefused : RingEnd::kFaulted);
        });
  }
  if (isRepeated_) std::fill(row_, row_ + hot_.size(), kSuspectFill);
}

// Left by a jump where a page is gone: owns nothing, and keeps in memory where it is.
void RingSampler::sampleMapped() {
  const size_t count = hot_.size();
  for (size_t i = cursor_; i < count; i++) {
    cursor_ = i;
    const Hot& hot = hot_[i];
    row_[i] = kNoFill;
    if (hot.used == nullptr) continue;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    // used first: avail may run on meanwhile, so that what is pending can come out too high, never below zero.
    const uint16_t used = __atomic_load_n(hot.used, __ATOMIC_ACQUIRE);
    const uint16_t avail = __atomic_load_n(hot.avail, __ATOMIC_RELAXED);
    note(i, used, avail);
  }
  cursor_ = count;
}

void RingSampler::note(size_t column, uint16_t used, uint16_t avail) {
  Hot& hot = hot_[column];
  const bool hasMoved = hot.isKnown == 0 || used != hot.lastUsed || avail != hot.lastAvail;
  if (hasMoved && hot.isKnown != 0 && isReset(hot, used, avail)) {
    row_[column] = kSuspectFill;
    end(column, RingEnd::kReset);
    return;
  }
  hot.idle = hasMoved ? 0 : static_cast<uint8_t>(std::min(hot.idle + 1, 255));
  hot.lastUsed = used;
  hot.lastAvail = avail;
  hot.isKnown = 1;
  // A guest that has not given a buffer yet does not use the queue: that is not a full ring.
  if (hot.isBorn == 0) hot.isBorn = used != 0 || avail != 0 || hot.isToGuest == 0;
  if (hot.isBorn == 0) {
    row_[column] = kNoFill;
    return;
  }
  const uint16_t pending = static_cast<uint16_t>(avail - used);
  if (pending > hot.size) {
    row_[column] = kSuspectFill;
  } else {
    row_[column] = hot.isToGuest != 0 ? static_cast<uint16_t>(hot.size - pending) : pending;
  }
}

bool RingSampler::isReset(const Hot& hot, uint16_t used, uint16_t avail) const {
  const uint16_t usedBy = static_cast<uint16_t>(used - hot.lastUsed);
  const uint16_t availBy = static_cast<uint16_t>(avail - hot.lastAvail);
  const int64_t by = std::min(usedBy, availBy);
  // By the clock as it is after the read: this thread may have been held up between its tick and here.
  const int64_t sinceNs = by > kAdvanceAUs * kLateNs / 1000 ? readClock(CLOCK_MONOTONIC) - lastMonoNs_ : 0;
  if (sinceNs > 0 && sinceNs <= kJudgedNs && by > sinceNs / 1000 * kAdvanceAUs) return true;
  return hot.idle >= kRested && used == 0 && avail <= hot.size && hot.lastUsed != 0;
}

void RingSampler::end(size_t column, RingEnd why) {
  Column& ended = present_.columns[column];
  ended.ring->isEnded = true;
  isRemoteStale_ = true;
  ended.ring->memory.unmap();
  ended.told.endRow = present_.samples.rows();
  hot_[column].used = nullptr;
  rings_.erase(std::remove(rings_.begin(), rings_.end(), ended.ring), rings_.end());
  const std::lock_guard<std::mutex> lock(mutex_);
  taken_.ended.push_back({ended.ring->place.id, why, readClock(CLOCK_REALTIME)});
}

void RingSampler::applyChanges() {
  std::vector<Change> changes;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::swap(changes, changes_);
    hasChanges_ = false;
  }
  for (Change& change : changes) {
    if (change.added != nullptr) {
      rings_.push_back(std::move(change.added));
    } else {
      dropRing(change.removedId);
    }
  }
}

void RingSampler::dropRing(uint32_t id) {
  const auto isIt = [id](const std::shared_ptr<Ring>& ring) { return ring->place.id == id; };
  const auto found = std::find_if(rings_.begin(), rings_.end(), isIt);
  if (found == rings_.end()) return;
  const std::shared_ptr<Ring> ring = *found;
  rings_.erase(found);
  ring->isEnded = true;
  ring->memory.unmap();
  isRemoteStale_ = true;
  for (size_t i = 0; i < present_.columns.size(); i++) {
    if (present_.columns[i].ring != ring) continue;
    present_.columns[i].told.endRow = present_.samples.rows();
    hot_[i].used = nullptr;
  }
}

// Ends the present slot and begins another.
void RingSampler::turn(int64_t slot, int64_t monoNs, int64_t wallNs) {
  if (isClosing_) summariseSome(SIZE_MAX);
  // The handler may have been replaced since; a fault would end the process then.
  static_cast<void>(guard_.ensure().failed());
  const int64_t sinceNs = wallNs - slot * kSlotNs;
  const bool wasAny = present_.samples.slot >= 0;
  const int64_t lastSlot = present_.samples.slot;
  if (wasAny) {
    newestSlot_ = std::max(newestSlot_, lastSlot);
    // Near by both clocks, or it is not the next moment.
    const bool isNext = slot == lastSlot + 1 && monoNs - lastMonoNs_ <= kGapNs;
    present_.samples.nextOffset = isNext ? kSlotNs + sinceNs : -1;
    if (slot > lastSlot + 1) ownTotals_.slotsSkipped += static_cast<uint64_t>(slot - lastSlot - 1);
    std::swap(present_, closing_);
    isClosing_ = true;
  }
  isRepeated_ = slot <= newestSlot_;
  ownTotals_.slotsRepeated += isRepeated_ ? 1 : 0;
  slotMonoNs_ = monoNs - sinceNs;
  // The first slot has begun without us: a part of it would pass for the whole.
  beginPage(slot, wasAny ? rings_.size() : 0);
}

void RingSampler::beginPage(int64_t slot, size_t rings) {
  Page& page = present_;
  std::vector<Hot> before;
  std::swap(before, hot_);
  page.samples.begin(slot, rings);
  page.columns.clear();
  page.summarised = 0;
  page.finished.clear();
  hot_.resize(rings);
  for (size_t i = 0; i < rings; i++) {
    const std::shared_ptr<Ring>& ring = rings_[i];
    // Rings keep their order, so that one that stays stands where it stood or further to the front.
    for (size_t j = i; j < closing_.columns.size() && isClosing_; j++) {
      if (closing_.columns[j].ring != ring || j >= before.size()) continue;
      hot_[i] = before[j];
      break;
    }
    const RingPlace& place = ring->place;
    hot_[i].used = ring->memory.used();
    hot_[i].avail = ring->memory.avail();
    hot_[i].size = place.size;
    hot_[i].isToGuest = place.direction == RingDirection::kToGuest ? 1 : 0;
    Column column;
    column.ring = ring;
    column.told.column = i;
    column.told.size = place.size;
    page.columns.push_back(column);
  }
  isRemoteStale_ = true;
}

// Those of the present slot that are copied, without what has ended.
void RingSampler::groupRemote() {
  isRemoteStale_ = false;
  remote_.clear();
  for (size_t i = 0; i < present_.columns.size(); i++) {
    const Ring& ring = *present_.columns[i].ring;
    const RingPlace& place = ring.place;
    if (ring.isEnded || !place.path.empty()) continue;
    const auto isOfIt = [&place](const RemoteRings& process) { return process.pid() == place.pid; };
    auto process = std::find_if(remote_.begin(), remote_.end(), isOfIt);
    if (process == remote_.end()) {
      remote_.emplace_back(place.pid);
      process = remote_.end() - 1;
    }
    process->add(place.used, place.avail, i);
  }
}

void RingSampler::summariseSome(size_t ringsMax) {
  Page& page = closing_;
  for (size_t done = 0; page.summarised < page.columns.size() && done < ringsMax; page.summarised++, done++) {
    Column& column = page.columns[page.summarised];
    Ring& ring = *column.ring;
    column.told.before = ring.last;
    for (size_t i = 0; i < present_.columns.size() && page.samples.nextOffset >= 0; i++) {
      if (present_.columns[i].ring == column.ring) column.told.next = present_.samples.row(0)[i];
    }
    RingSlot slot = summarise(page.samples, column.told);
    ring.last = slot.after;
    if (slot.samples + slot.suspect > 0) page.finished.push_back({ring.place.id, std::move(slot)});
  }
  if (page.summarised < page.columns.size()) return;
  publish();
  isClosing_ = false;
  page.columns.clear();
}

void RingSampler::publish() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ownTotals_.newestSlot = static_cast<uint64_t>(closing_.samples.slot);
  if (!closing_.finished.empty()) taken_.slots.push_back({closing_.samples.slot, std::move(closing_.finished)});
  if (taken_.slots.size() > kSlotsKept) {
    taken_.slots.pop_front();
    ownTotals_.slotsLost++;
  }
  taken_.totals = ownTotals_;
}

}  // namespace fournines
