#ifndef FOURNINES_STALL_SAMPLER_H_
#define FOURNINES_STALL_SAMPLER_H_

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "descriptor.h"
#include "failure.h"
#include "stall-track.h"
#include "thread-text.h"

namespace fournines {

// Order and number of stallThreadFields and stallFields in facade.ts.
constexpr size_t kStallThreadStride = 15;
constexpr size_t kStallStride = 8;
// Three files a thread are open at most while it is opened, two afterwards.
constexpr size_t kStallThreadsMax = 1024;

struct StallOptions {
  std::string procRoot;
  // Samples a second on a thread of its own; 0: only when they are taken.
  uint32_t hz = 0;
  uint64_t thresholdNs = 0;
};

// Samples the scheduler's files of some threads, on a thread of its own. All functions belong to one other thread.
class StallSampler {
 public:
  explicit StallSampler(StallOptions options) : options_(std::move(options)) {}
  ~StallSampler() { stop(); }
  StallSampler(const StallSampler&) = delete;
  StallSampler& operator=(const StallSampler&) = delete;

  Failure start();
  // Waits for the thread, a round at most. Twice is allowed.
  void stop();
  // From now on these (pid, tid, pid, tid ...): known ones go on, new ones begin, others are forgotten.
  void watch(const uint32_t* threads, size_t count);
  // One more sample of each thread now; then a row for each in the order of `watch` into `rows`, and the stalls since the
  // last call (kStallStride numbers each).
  void take(uint64_t* rows, std::vector<uint64_t>* stalls);
  // Threads of the last `watch`. `take` writes so many rows.
  size_t count() const { return threads_.size(); }

 private:
  struct Watched {
    uint32_t pid = 0;
    uint32_t tid = 0;
    ThreadRead read = ThreadRead::kFailed;
    uint64_t startTicks = 0;
    Descriptor schedstat;
    Descriptor status;
    std::unique_ptr<StallTrack> track;
    std::vector<Stall> stalls;
  };

  void run();
  void open(Watched* thread);
  void sample(Watched* thread, bool isTaken, int64_t* nowNs);
  bool sampleWithStatus(Watched* thread, Schedstat now, int64_t fromNs);
  ThreadRead readFile(const Descriptor& file, size_t* length);
  ThreadRead readSchedstat(const Watched& thread, Schedstat* now);
  ThreadRead readStatus(const Watched& thread, ThreadStatus* status);
  bool note(Watched* thread, ThreadRead read);

  const StallOptions options_;
  pthread_t thread_ = {};
  bool isRunning_ = false;
  // Guards what follows. Held for a round of samples.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool isStopping_ = false;
  std::vector<std::unique_ptr<Watched>> threads_;
  std::vector<char> buffer_;
};

}  // namespace fournines

#endif  // FOURNINES_STALL_SAMPLER_H_
