#include "stalls.h"

#include <errno.h>

#include <memory>
#include <string>
#include <vector>

#include "arguments.h"
#include "handle.h"
#include "values.h"

namespace fournines {

namespace {

constexpr size_t kPathBytesMax = 4095;
constexpr double kHzMax = 1000;
// A minute.
constexpr double kThresholdNsMax = 60e9;

// Argument `index` as a number from 0 to `most`; else throws and returns false.
bool takeNumber(const Napi::CallbackInfo& info, size_t index, double most, double* number) {
  if (napi_get_value_double(info.Env(), info[index], number) == napi_ok && *number >= 0 && *number <= most) return true;
  return refuse(info.Env(), "expected a number within its bounds");
}

// The handle's sampler; else throws and returns nullptr.
StallSampler* takeSampler(const Napi::CallbackInfo& info, Handle* handle) {
  if (handle->stalls == nullptr) throwFailure(info.Env(), {"stalls", EBADF});
  return handle->stalls.get();
}

}  // namespace

void stallsOpen(const Napi::CallbackInfo& info, Handle* handle) {
  StallOptions options;
  double hz = 0;
  double thresholdNs = 0;
  if (!takeText(info, 1, kPathBytesMax, &options.procRoot) || !takeNumber(info, 2, kHzMax, &hz) ||
      !takeNumber(info, 3, kThresholdNsMax, &thresholdNs)) {
    return;
  }
  if (handle->stalls != nullptr) {
    throwFailure(info.Env(), {"stalls", EBUSY});
    return;
  }
  options.hz = static_cast<uint32_t>(hz);
  options.thresholdNs = static_cast<uint64_t>(thresholdNs);
  std::unique_ptr<StallSampler> sampler = std::make_unique<StallSampler>(std::move(options));
  const Failure failure = sampler->start();
  if (failure.failed()) {
    throwFailure(info.Env(), failure);
    return;
  }
  handle->stalls = std::move(sampler);
}

void stallsWatch(const Napi::CallbackInfo& info, Handle* handle) {
  Span<uint32_t> threads;
  StallSampler* const sampler = takeSampler(info, handle);
  if (sampler == nullptr || !takeArray(info, 1, napi_uint32_array, &threads)) return;
  if (threads.length % 2 != 0 || threads.length / 2 > kStallThreadsMax) {
    refuse(info.Env(), "expected pairs of pid and tid, no more than may be watched");
    return;
  }
  sampler->watch(threads.data, threads.length / 2);
}

Napi::Value stallsTake(const Napi::CallbackInfo& info, Handle* handle) {
  const Napi::Env env = info.Env();
  Span<uint64_t> rows;
  StallSampler* const sampler = takeSampler(info, handle);
  if (sampler == nullptr || !takeArray(info, 1, napi_biguint64_array, &rows)) return env.Undefined();
  if (rows.length / kStallThreadStride < sampler->count()) {
    refuse(env, "output array too small");
    return env.Undefined();
  }
  std::vector<uint64_t> stalls;
  sampler->take(rows.data, &stalls);
  return Napi::Value(env, toArray(env, napi_biguint64_array, stalls));
}

void stallsClose(Handle* handle) { handle->stalls.reset(); }

}  // namespace fournines
