#include <errno.h>
#include <napi.h>
#include <net/if.h>

#include <memory>
#include <string>
#include <vector>

#include "affinity.h"
#include "arguments.h"
#include "clocks.h"
#include "handle.h"
#include "rings.h"
#include "stalls.h"
#include "state.h"
#include "telemetry.h"
#include "threads.h"
#include "values.h"

// The border to JavaScript: takes arguments apart, calls the part that does the work, shapes nothing but arrays.
namespace fournines {

namespace {

// addon.ts refuses another number: a library built from other sources than the TypeScript around it.
constexpr uint32_t kBindingVersion = 5;
// NICs in one call of ethtoolCounters, and values of all of them together.
constexpr size_t kNicsMax = 65536;

// Argument 0 as an open handle of this load; else throws and returns nullptr.
Handle* takeHandle(const Napi::CallbackInfo& info, bool mayBeClosed = false) {
  const Napi::Env env = info.Env();
  const napi_type_tag tag = env.GetInstanceData<State>()->tag();
  // Without the tag napi_unwrap would hand out whatever another addon has wrapped.
  bool isOurs = false;
  if (!info[0].IsObject() || napi_check_object_type_tag(env, info[0], &tag, &isOurs) != napi_ok || !isOurs) {
    refuse(env, "expected a handle of this addon");
    return nullptr;
  }
  void* wrapped = nullptr;
  if (napi_unwrap(env, info[0], &wrapped) != napi_ok || wrapped == nullptr) {
    refuse(env, "expected a handle of this addon");
    return nullptr;
  }
  Handle* const handle = static_cast<Handle*>(wrapped);
  if (handle->isClosed && !mayBeClosed) {
    throwFailure(env, {"close", EBADF});
    return nullptr;
  }
  return handle;
}

Napi::Value open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  State* const state = env.GetInstanceData<State>();
  const napi_value object = toObject(env);
  if (object == nullptr) return env.Undefined();
  const napi_type_tag tag = state->tag();
  Handle* const handle = new Handle(state->handles);
  // The finalizer closes what nobody closed.
  const napi_status status = napi_wrap(
      env, object, handle, [](napi_env, void* data, void*) { delete static_cast<Handle*>(data); }, nullptr, nullptr);
  if (status != napi_ok) {
    delete handle;
    throwFailure(env, {"napi_wrap", ENOMEM});
    return env.Undefined();
  }
  napi_type_tag_object(env, object, &tag);
  return Napi::Value(env, object);
}

void close(const Napi::CallbackInfo& info) {
  Handle* const handle = takeHandle(info, true);
  if (handle != nullptr) handle->close();
}

void clocks(const Napi::CallbackInfo& info) {
  Span<uint64_t> out;
  if (!takeArray(info, 0, napi_biguint64_array, &out)) return;
  if (out.length < 2) {
    refuse(info.Env(), "output array too small");
    return;
  }
  const Failure failure = readClocks(&out.data[0], &out.data[1]);
  if (failure.failed()) throwFailure(info.Env(), failure);
}

void readThreadBatch(const Napi::CallbackInfo& info) {
  Span<uint32_t> threads;
  Span<uint64_t> out;
  if (!takeArray(info, 0, napi_uint32_array, &threads) || !takeArray(info, 1, napi_biguint64_array, &out)) return;
  const size_t count = threads.length / 2;
  if (threads.length % 2 != 0 || count > kThreadsMax) {
    refuse(info.Env(), "expected pairs of pid and tid");
    return;
  }
  if (out.length / kThreadStride < count) {
    refuse(info.Env(), "output array too small");
    return;
  }
  readThreads(threads.data, count, out.data);
}

Napi::Value links(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Handle* const handle = takeHandle(info);
  if (handle == nullptr) return env.Undefined();
  const Failure failure = handle->route.dump(LinkReader::request(), &handle->links);
  if (failure.failed()) {
    throwFailure(env, failure);
    return env.Undefined();
  }
  const napi_value table = toObject(env);
  setProperty(env, table, "text", toText(env, handle->links.text));
  setProperty(env, table, "fields", toArray(env, napi_uint32_array, handle->links.fields));
  setProperty(env, table, "counters", toArray(env, napi_biguint64_array, handle->links.counters));
  return Napi::Value(env, table);
}

Napi::Value qdiscs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Handle* const handle = takeHandle(info);
  if (handle == nullptr) return env.Undefined();
  const QdiscReader& rows = handle->qdiscs;
  const Failure failure = handle->route.dump(QdiscReader::request(), &handle->qdiscs);
  if (failure.failed()) {
    throwFailure(env, failure);
    return env.Undefined();
  }
  const napi_value table = toObject(env);
  setProperty(env, table, "ifindex", toArray(env, napi_uint32_array, rows.ifindex));
  setProperty(env, table, "handle", toArray(env, napi_uint32_array, rows.handle));
  setProperty(env, table, "parent", toArray(env, napi_uint32_array, rows.parent));
  setProperty(env, table, "kinds", toText(env, rows.kinds));
  setProperty(env, table, "drops", toArray(env, napi_biguint64_array, rows.drops));
  return Napi::Value(env, table);
}

// null where the kernel has no such table.
Napi::Value queues(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Handle* const handle = takeHandle(info);
  if (handle == nullptr) return env.Undefined();
  const QueueReader& rows = handle->queues;
  bool isThere = false;
  const Failure failure = handle->netdev.dump(QueueReader::request(), &handle->queues, &isThere);
  if (failure.failed()) {
    throwFailure(env, failure);
    return env.Undefined();
  }
  if (!isThere) return env.Null();
  const napi_value table = toObject(env);
  setProperty(env, table, "ifindex", toArray(env, napi_uint32_array, rows.ifindex));
  setProperty(env, table, "direction", toArray(env, napi_uint8_array, rows.direction));
  setProperty(env, table, "queue", toArray(env, napi_uint32_array, rows.queue));
  setProperty(env, table, "counters", toArray(env, napi_biguint64_array, rows.counters));
  setProperty(env, table, "present", toArray(env, napi_uint8_array, rows.present));
  return Napi::Value(env, table);
}

// (handle, nic): names of the counters, each followed by a NUL.
Napi::Value ethtoolNames(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string nic;
  std::string text;
  Handle* const handle = takeHandle(info);
  if (handle == nullptr || !takeText(info, 1, IFNAMSIZ - 1, &nic)) return env.Undefined();
  const Failure failure = handle->ethtool.names(nic.c_str(), &text);
  if (failure.failed()) {
    throwFailure(env, failure);
    return env.Undefined();
  }
  return Napi::Value(env, toText(env, text));
}

// (handle, nic): the driver's name, or an empty string.
Napi::Value ethtoolDriver(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string nic;
  std::string text;
  Handle* const handle = takeHandle(info);
  if (handle == nullptr || !takeText(info, 1, IFNAMSIZ - 1, &nic)) return env.Undefined();
  const Failure failure = handle->ethtool.driver(nic.c_str(), &text);
  if (failure.failed()) {
    throwFailure(env, failure);
    return env.Undefined();
  }
  return Napi::Value(env, toText(env, text));
}

// (handle, names each followed by a NUL, counts wanted, starts out, counts out, values out): how many values it wrote.
Napi::Value ethtoolCounters(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Span<uint32_t> wanted;
  Span<int32_t> starts;
  Span<uint32_t> actual;
  Span<uint64_t> values;
  std::string nics;
  Handle* const handle = takeHandle(info);
  if (handle == nullptr || !takeText(info, 1, kNicsMax * IFNAMSIZ, &nics) ||
      !takeArray(info, 2, napi_uint32_array, &wanted) || !takeArray(info, 3, napi_int32_array, &starts) ||
      !takeArray(info, 4, napi_uint32_array, &actual) || !takeArray(info, 5, napi_biguint64_array, &values)) {
    return env.Undefined();
  }
  if (starts.length < wanted.length || actual.length < wanted.length || values.length > INT32_MAX) {
    refuse(env, "output array too small");
    return env.Undefined();
  }
  const Failure opened = handle->ethtool.open();
  if (opened.failed()) {
    throwFailure(env, opened);
    return env.Undefined();
  }
  size_t used = 0;
  size_t at = 0;
  for (size_t i = 0; i < wanted.length; i++) {
    const size_t end = nics.find('\0', at);
    if (end == std::string::npos || wanted.data[i] > values.length - used) {
      refuse(env, "fewer names or less room than counts");
      return env.Undefined();
    }
    // Copied out first: `actual` may be the same memory as `wanted`.
    const uint32_t count = wanted.data[i];
    const bool isRead = handle->ethtool.counters(nics.c_str() + at, count, &actual.data[i], values.data + used);
    starts.data[i] = isRead ? static_cast<int32_t>(used) : -1;
    if (isRead) used += count;
    at = end + 1;
  }
  return Napi::Number::New(env, static_cast<double>(used));
}

void openStalls(const Napi::CallbackInfo& info) {
  Handle* const handle = takeHandle(info);
  if (handle != nullptr) stallsOpen(info, handle);
}

void watchStalls(const Napi::CallbackInfo& info) {
  Handle* const handle = takeHandle(info);
  if (handle != nullptr) stallsWatch(info, handle);
}

Napi::Value takeStalls(const Napi::CallbackInfo& info) {
  Handle* const handle = takeHandle(info);
  return handle == nullptr ? info.Env().Undefined() : stallsTake(info, handle);
}

void closeStalls(const Napi::CallbackInfo& info) {
  Handle* const handle = takeHandle(info, true);
  if (handle != nullptr) stallsClose(handle);
}

Napi::Value affinity(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::vector<uint32_t> cpus;
  const Failure failure = readAffinity(&cpus);
  if (failure.failed()) {
    throwFailure(env, failure);
    return env.Undefined();
  }
  return Napi::Value(env, toArray(env, napi_uint32_array, cpus));
}

void setAffinity(const Napi::CallbackInfo& info) {
  Span<uint32_t> cpus;
  if (!takeArray(info, 0, napi_uint32_array, &cpus)) return;
  for (size_t i = 0; i < cpus.length; i++) {
    // Beyond the mask CPU_SET would write past it.
    if (cpus.data[i] >= kCpusMax) {
      refuse(info.Env(), "no such CPU");
      return;
    }
  }
  const Failure failure = writeAffinity(cpus.data, cpus.length);
  if (failure.failed()) throwFailure(info.Env(), failure);
}

// Runs when the environment goes, with handles still open: the main thread at exit, a worker thread at its end, where
// the process lives on and would keep the descriptors.
struct EverythingOpen {
  std::shared_ptr<OpenHandles> handles;
  std::shared_ptr<OpenRings> rings;
};

void closeAll(void* data) {
  EverythingOpen* const open = static_cast<EverythingOpen*>(data);
  for (Handle* const handle : *open->handles) handle->close();
  stopAll(open->rings.get());
  delete open;
}

}  // namespace

Napi::Object init(Napi::Env env, Napi::Object exports) {
  State* const state = new State();
  env.SetInstanceData(state);
  if (napi_add_env_cleanup_hook(env, closeAll, new EverythingOpen{state->handles, state->rings}) != napi_ok) {
    throwFailure(env, {"napi_add_env_cleanup_hook", ENOMEM});
    return exports;
  }
  exports.Set("version", Napi::Number::New(env, kBindingVersion));
  exports.Set("open", Napi::Function::New(env, open, "open"));
  exports.Set("close", Napi::Function::New(env, close, "close"));
  exports.Set("clocks", Napi::Function::New(env, clocks, "clocks"));
  exports.Set("readThreads", Napi::Function::New(env, readThreadBatch, "readThreads"));
  exports.Set("links", Napi::Function::New(env, links, "links"));
  exports.Set("qdiscs", Napi::Function::New(env, qdiscs, "qdiscs"));
  exports.Set("queues", Napi::Function::New(env, queues, "queues"));
  exports.Set("ethtoolNames", Napi::Function::New(env, ethtoolNames, "ethtoolNames"));
  exports.Set("ethtoolDriver", Napi::Function::New(env, ethtoolDriver, "ethtoolDriver"));
  exports.Set("ethtoolCounters", Napi::Function::New(env, ethtoolCounters, "ethtoolCounters"));
  exports.Set("affinity", Napi::Function::New(env, affinity, "affinity"));
  exports.Set("setAffinity", Napi::Function::New(env, setAffinity, "setAffinity"));
  exports.Set("ringsOpen", Napi::Function::New(env, ringsOpen, "ringsOpen"));
  exports.Set("ringsAdd", Napi::Function::New(env, ringsAdd, "ringsAdd"));
  exports.Set("ringsAddRemote", Napi::Function::New(env, ringsAddRemote, "ringsAddRemote"));
  exports.Set("ringsRemove", Napi::Function::New(env, ringsRemove, "ringsRemove"));
  exports.Set("ringsTake", Napi::Function::New(env, ringsTake, "ringsTake"));
  exports.Set("ringsClose", Napi::Function::New(env, ringsClose, "ringsClose"));
  exports.Set("stallsOpen", Napi::Function::New(env, openStalls, "stallsOpen"));
  exports.Set("stallsWatch", Napi::Function::New(env, watchStalls, "stallsWatch"));
  exports.Set("stallsTake", Napi::Function::New(env, takeStalls, "stallsTake"));
  exports.Set("stallsClose", Napi::Function::New(env, closeStalls, "stallsClose"));
  exports.Set("telemetryOpen", Napi::Function::New(env, telemetryOpen, "telemetryOpen"));
  exports.Set("telemetryAsk", Napi::Function::New(env, telemetryAsk, "telemetryAsk"));
  exports.Set("telemetryNext", Napi::Function::New(env, telemetryNext, "telemetryNext"));
  exports.Set("telemetryStop", Napi::Function::New(env, telemetryStop, "telemetryStop"));
  exports.Set("telemetryClose", Napi::Function::New(env, telemetryClose, "telemetryClose"));
  return exports;
}

}  // namespace fournines

static Napi::Object initAddon(Napi::Env env, Napi::Object exports) { return fournines::init(env, exports); }

NODE_API_MODULE(fournines, initAddon)
