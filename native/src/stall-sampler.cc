#include "stall-sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <utility>

namespace fournines {

namespace {

constexpr size_t kStackBytes = 131072;
// status has about 1,500 bytes, and more with long lists of CPUs and groups.
constexpr size_t kFileBytesMax = 65536;
// How often the reads of one sample are repeated because the thread was put on a CPU between them.
constexpr int kTriesMax = 4;
// Stalls of a thread that wait to be taken.
constexpr size_t kStallsMax = 32;

int64_t bootNs() {
  timespec time;
  // Cannot fail with a clock that every kernel we run on has.
  clock_gettime(CLOCK_BOOTTIME, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

}  // namespace

Failure StallSampler::start() {
  buffer_.resize(kFileBytesMax);
  if (options_.hz == 0) return success();
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return {"pthread_attr_init", error};
  // A refusal leaves the usual size.
  pthread_attr_setstacksize(&attributes, kStackBytes);
  // Signals are for Node's threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(
      &thread_, &attributes,
      [](void* self) -> void* {
        static_cast<StallSampler*>(self)->run();
        return nullptr;
      },
      this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return {"pthread_create", error};
  pthread_setname_np(thread_, "fn-stalls");
  isRunning_ = true;
  return success();
}

void StallSampler::stop() {
  if (!isRunning_) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    isStopping_ = true;
  }
  wake_.notify_one();
  pthread_join(thread_, nullptr);
  isRunning_ = false;
}

void StallSampler::run() {
  const std::chrono::nanoseconds interval(1000000000 / options_.hz);
  std::unique_lock<std::mutex> lock(mutex_);
  auto next = std::chrono::steady_clock::now() + interval;
  while (!isStopping_) {
    if (wake_.wait_until(lock, next) == std::cv_status::no_timeout) continue;
    int64_t nowNs = bootNs();
    for (const std::unique_ptr<Watched>& thread : threads_) {
      if (thread->read == ThreadRead::kOk) sample(thread.get(), false, &nowNs);
    }
    // A sample that comes too late is not made up for: the next one covers its time.
    const auto now = std::chrono::steady_clock::now();
    next += interval * std::max<int64_t>((now - next) / interval + 1, 1);
  }
}

void StallSampler::watch(const uint32_t* threads, size_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::map<std::pair<uint32_t, uint32_t>, std::unique_ptr<Watched>> known;
  for (std::unique_ptr<Watched>& thread : threads_) known[{thread->pid, thread->tid}] = std::move(thread);
  threads_.clear();
  for (size_t i = 0; i < count; i++) {
    const uint32_t pid = threads[2 * i];
    const uint32_t tid = threads[2 * i + 1];
    std::unique_ptr<Watched> thread;
    const auto found = known.find({pid, tid});
    if (found != known.end()) thread = std::move(found->second);
    // Open files belong to one thread, for ever: one that ended gives its number to another, which begins anew.
    if (thread == nullptr || thread->read != ThreadRead::kOk) {
      thread = std::make_unique<Watched>();
      thread->pid = pid;
      thread->tid = tid;
      open(thread.get());
    }
    threads_.push_back(std::move(thread));
  }
}

void StallSampler::open(Watched* thread) {
  const std::string path =
      options_.procRoot + "/" + std::to_string(thread->pid) + "/task/" + std::to_string(thread->tid);
  // All files by way of one open folder: they are of the same thread even when its number is given away meanwhile.
  const Descriptor folder(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.isOpen()) {
    thread->read = threadReadOf(errno);
    return;
  }
  thread->schedstat.reset(openat(folder.get(), "schedstat", O_RDONLY | O_CLOEXEC));
  thread->status.reset(openat(folder.get(), "status", O_RDONLY | O_CLOEXEC));
  const Descriptor stat(openat(folder.get(), "stat", O_RDONLY | O_CLOEXEC));
  if (!thread->schedstat.isOpen() || !thread->status.isOpen() || !stat.isOpen()) {
    thread->read = threadReadOf(errno);
    return;
  }
  size_t length = 0;
  uint64_t row[kFieldCpu + 1] = {};
  thread->read = readFile(stat, &length);
  if (thread->read != ThreadRead::kOk) return;
  if (!parseStat(buffer_.data(), length, row)) {
    thread->read = ThreadRead::kFailed;
    return;
  }
  thread->startTicks = row[kFieldStartTicks];
  thread->track = std::make_unique<StallTrack>(options_.thresholdNs);
  int64_t nowNs = bootNs();
  sample(thread, true, &nowNs);
}

// `nowNs`: the clock before; afterwards the clock behind, which is the next thread's before.
void StallSampler::sample(Watched* thread, bool isTaken, int64_t* nowNs) {
  const int64_t fromNs = *nowNs;
  Schedstat now;
  if (note(thread, readSchedstat(*thread, &now))) {
    StallTrack* const track = thread->track.get();
    if (isTaken || track->needsStatus(now, {fromNs, fromNs})) {
      for (int i = 0; i < kTriesMax && thread->read == ThreadRead::kOk; i++) {
        if (sampleWithStatus(thread, now, fromNs)) break;
        if (!note(thread, readSchedstat(*thread, &now))) break;
      }
    } else {
      track->pass(now, {fromNs, bootNs()});
    }
  }
  *nowNs = bootNs();
}

// False: the thread came onto a CPU between the reads, or it is gone. What was not taken in, the next sample covers.
bool StallSampler::sampleWithStatus(Watched* thread, Schedstat now, int64_t fromNs) {
  ThreadStatus status;
  if (!note(thread, readStatus(*thread, &status))) return false;
  bool isSettled = false;
  if (thread->track->needsConfirmation(now, status)) {
    ThreadStatus again;
    if (!note(thread, readStatus(*thread, &again))) return false;
    isSettled = again.isSameAs(status);
    status = again;
  }
  Schedstat after;
  if (!note(thread, readSchedstat(*thread, &after))) return false;
  if (after.timeslices != now.timeslices || after.delayNs != now.delayNs) return false;
  std::vector<Stall> stalls;
  thread->track->look(after, status, isSettled, {fromNs, bootNs()}, &stalls);
  // Beyond the bound they are counted (StallSums::stalls) and not listed.
  for (const Stall& stall : stalls) {
    if (thread->stalls.size() < kStallsMax) thread->stalls.push_back(stall);
  }
  return true;
}

ThreadRead StallSampler::readFile(const Descriptor& file, size_t* length) {
  ssize_t got;
  do {
    got = pread(file.get(), buffer_.data(), buffer_.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return threadReadOf(errno);
  // Without its newline it was cut off by the thread's end.
  if (got == 0 || buffer_[static_cast<size_t>(got) - 1] != '\n') return ThreadRead::kGone;
  *length = static_cast<size_t>(got);
  return ThreadRead::kOk;
}

ThreadRead StallSampler::readSchedstat(const Watched& thread, Schedstat* now) {
  size_t length = 0;
  uint64_t row[kFieldCpu + 1] = {};
  const ThreadRead read = readFile(thread.schedstat, &length);
  if (read != ThreadRead::kOk) return read;
  if (!parseSchedstat(buffer_.data(), buffer_.data() + length, row)) return ThreadRead::kFailed;
  *now = {row[kFieldRunNs], row[kFieldRunDelayNs], row[kFieldTimeslices]};
  return ThreadRead::kOk;
}

ThreadRead StallSampler::readStatus(const Watched& thread, ThreadStatus* status) {
  size_t length = 0;
  const ThreadRead read = readFile(thread.status, &length);
  if (read != ThreadRead::kOk) return read;
  return parseStatus(buffer_.data(), length, status) ? ThreadRead::kOk : ThreadRead::kFailed;
}

// A thread that cannot be read any more gives its files back.
bool StallSampler::note(Watched* thread, ThreadRead read) {
  thread->read = read;
  if (read == ThreadRead::kOk) return true;
  thread->schedstat.reset();
  thread->status.reset();
  return false;
}

void StallSampler::take(uint64_t* rows, std::vector<uint64_t>* stalls) {
  const std::lock_guard<std::mutex> lock(mutex_);
  int64_t nowNs = bootNs();
  for (size_t i = 0; i < threads_.size(); i++) {
    Watched* const thread = threads_[i].get();
    uint64_t* const row = rows + i * kStallThreadStride;
    std::fill(row, row + kStallThreadStride, 0);
    if (thread->read == ThreadRead::kOk) sample(thread, true, &nowNs);
    row[0] = static_cast<uint64_t>(thread->read);
    if (thread->read == ThreadRead::kOk) {
      std::vector<Stall> ongoing;
      const StallSums sums = thread->track->take(&ongoing);
      const Schedstat& now = thread->track->schedstat();
      const ThreadStatus& status = thread->track->status();
      const uint64_t fields[] = {now.runNs,
                                 now.delayNs,
                                 now.timeslices,
                                 thread->startTicks,
                                 static_cast<unsigned char>(status.state),
                                 status.voluntary,
                                 status.involuntary,
                                 sums.delayInvoluntaryLowNs,
                                 sums.delayInvoluntaryHighNs,
                                 sums.stoppedNs,
                                 sums.longestLowNs,
                                 sums.longestHighNs,
                                 sums.stalls,
                                 sums.samples};
      static_assert(sizeof(fields) == (kStallThreadStride - 1) * sizeof(uint64_t), "a field each");
      std::copy(std::begin(fields), std::end(fields), row + 1);
      thread->stalls.insert(thread->stalls.end(), ongoing.begin(), ongoing.end());
    }
    for (const Stall& stall : thread->stalls) {
      const uint64_t fields[] = {i,
                                 static_cast<uint64_t>(stall.kind),
                                 static_cast<uint64_t>(stall.fromNs),
                                 static_cast<uint64_t>(stall.toNs),
                                 stall.lowNs,
                                 stall.highNs,
                                 stall.waits,
                                 stall.goesOn ? 1u : 0u};
      static_assert(sizeof(fields) == kStallStride * sizeof(uint64_t), "a field each");
      stalls->insert(stalls->end(), std::begin(fields), std::end(fields));
    }
    thread->stalls.clear();
  }
}

}  // namespace fournines
