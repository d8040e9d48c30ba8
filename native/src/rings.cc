#include "rings.h"

#include <errno.h>

#include <string>
#include <unordered_set>
#include <vector>

#include "arguments.h"
#include "ring-sampler.h"
#include "state.h"
#include "values.h"

// The border to JavaScript of the ring sampler.
namespace fournines {

namespace {

// Of one sampler, and samplers of one environment.
constexpr size_t kRingsMax = 1024;
constexpr size_t kSamplersMax = 8;
constexpr uint32_t kPeriodUsMin = 100;
constexpr uint32_t kPeriodUsMax = 1000000;
constexpr size_t kPathBytesMax = 4096;

}  // namespace

// Belongs to the environment's thread.
struct RingsHandle {
  RingsHandle(std::shared_ptr<OpenRings> all, int64_t periodNs)
      : open(std::move(all)), sampler(std::make_shared<RingSampler>(periodNs)) {
    open->insert(this);
  }
  ~RingsHandle() { stop(); }
  RingsHandle(const RingsHandle&) = delete;
  RingsHandle& operator=(const RingsHandle&) = delete;

  void stop() {
    isClosed = true;
    open->erase(this);
    sampler->stop();
  }

  const std::shared_ptr<OpenRings> open;
  bool isClosed = false;
  const std::shared_ptr<RingSampler> sampler;
  std::unordered_set<uint32_t> ids;
};

void stopAll(OpenRings* open) {
  while (!open->empty()) (*open->begin())->stop();
}

namespace {

RingsHandle* takeRings(const Napi::CallbackInfo& info, bool mayBeClosed = false) {
  const Napi::Env env = info.Env();
  const napi_type_tag tag = env.GetInstanceData<State>()->ringsTag();
  bool isOurs = false;
  void* wrapped = nullptr;
  if (!info[0].IsObject() || napi_check_object_type_tag(env, info[0], &tag, &isOurs) != napi_ok || !isOurs ||
      napi_unwrap(env, info[0], &wrapped) != napi_ok || wrapped == nullptr) {
    refuse(env, "expected a sampler of this addon");
    return nullptr;
  }
  RingsHandle* const rings = static_cast<RingsHandle*>(wrapped);
  if (rings->isClosed && !mayBeClosed) {
    throwFailure(env, {"close", EBADF});
    return nullptr;
  }
  return rings;
}

bool takeNumber(const Napi::CallbackInfo& info, size_t index, uint32_t* number) {
  double value = 0;
  if (!info[index].IsNumber() || napi_get_value_double(info.Env(), info[index], &value) != napi_ok || !(value >= 0) ||
      value > UINT32_MAX || value != static_cast<double>(static_cast<uint32_t>(value))) {
    return refuse(info.Env(), "expected a number of 32 bits");
  }
  *number = static_cast<uint32_t>(value);
  return true;
}

// What both kinds of places have: the last four numbers of `fields`.
bool takePlace(const Napi::CallbackInfo& info, const Span<uint64_t>& fields, size_t first, RingPlace* place) {
  if (!takeNumber(info, 1, &place->id)) return false;
  place->used = fields.data[first];
  place->avail = fields.data[first + 1];
  const uint64_t size = fields.data[first + 2];
  const uint64_t direction = fields.data[first + 3];
  if (size == 0 || size > kRingSizeMax || direction > 1) return refuse(info.Env(), "no such ring");
  place->size = static_cast<uint16_t>(size);
  place->direction = static_cast<RingDirection>(direction);
  return true;
}

void addPlace(const Napi::CallbackInfo& info, RingsHandle* rings, const RingPlace& place) {
  if (rings->ids.count(place.id) > 0 || rings->ids.size() >= kRingsMax) {
    throwFailure(info.Env(), {"ring", rings->ids.size() >= kRingsMax ? ENOSPC : EEXIST});
    return;
  }
  const Failure failure = rings->sampler->add(place);
  if (failure.failed()) {
    throwFailure(info.Env(), failure);
    return;
  }
  rings->ids.insert(place.id);
}

void appendTotals(const SamplerTotals& totals, std::vector<uint64_t>* out) {
  *out = {totals.ticks,        totals.late,          totals.missed,    totals.latenessNs, totals.latenessNsMax,
          totals.slotsSkipped, totals.slotsRepeated, totals.slotsLost, totals.newestSlot, totals.cpuNs};
}

void appendSlot(int64_t slot, const FinishedRing& ring, std::vector<uint64_t>* rows, std::vector<uint64_t>* runs) {
  const RingSlot& told = ring.slot;
  rows->insert(rows->end(), {ring.id, static_cast<uint64_t>(slot), told.samples, told.suspect, told.late, told.missed,
                             told.fillMax, told.fillP99});
  rows->insert(rows->end(), told.buckets, told.buckets + kBuckets);
  for (const int64_t ns : {told.fullNs, told.fullRunNs, told.fullRunAtNs, told.emptyNs, told.emptyRunNs}) {
    rows->push_back(static_cast<uint64_t>(ns));
  }
  rows->insert(rows->end(), {told.runsLeftOut, told.runs.size()});
  for (const RingRun& run : told.runs) {
    const uint64_t continues = (run.beganBefore ? 1u : 0u) | (run.goesOn ? 2u : 0u);
    runs->insert(runs->end(), {static_cast<uint64_t>(run.fromNs), static_cast<uint64_t>(run.lengthNs),
                               static_cast<uint64_t>(run.lengthNsMin), static_cast<uint64_t>(run.lengthNsMax),
                               continues});
  }
}

}  // namespace

Napi::Value ringsOpen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  State* const state = env.GetInstanceData<State>();
  uint32_t periodUs = 0;
  if (!takeNumber(info, 0, &periodUs)) return env.Undefined();
  if (periodUs < kPeriodUsMin || periodUs > kPeriodUsMax) {
    refuse(env, "no such period");
    return env.Undefined();
  }
  if (state->rings->size() >= kSamplersMax) {
    throwFailure(env, {"rings", EMFILE});
    return env.Undefined();
  }
  const napi_value object = toObject(env);
  if (object == nullptr) return env.Undefined();
  const napi_type_tag tag = state->ringsTag();
  RingsHandle* const rings = new RingsHandle(state->rings, int64_t{periodUs} * 1000);
  const Failure failure = rings->sampler->start();
  if (failure.failed()) {
    delete rings;
    throwFailure(env, failure);
    return env.Undefined();
  }
  // The finalizer ends what nobody closed.
  const napi_status status = napi_wrap(
      env, object, rings, [](napi_env, void* data, void*) { delete static_cast<RingsHandle*>(data); }, nullptr,
      nullptr);
  if (status != napi_ok) {
    delete rings;
    throwFailure(env, {"napi_wrap", ENOMEM});
    return env.Undefined();
  }
  napi_type_tag_object(env, object, &tag);
  return Napi::Value(env, object);
}

void ringsAdd(const Napi::CallbackInfo& info) {
  RingsHandle* const rings = takeRings(info);
  RingPlace place;
  Span<uint64_t> fields;
  if (rings == nullptr || !takeText(info, 2, kPathBytesMax, &place.path)) return;
  if (!takeArray(info, 3, napi_biguint64_array, &fields)) return;
  if (fields.length != 6 || place.path.empty() || place.path.find('\0') != std::string::npos) {
    refuse(info.Env(), "expected a file and where its indices are");
    return;
  }
  place.device = fields.data[0];
  place.inode = fields.data[1];
  if (takePlace(info, fields, 2, &place)) addPlace(info, rings, place);
}

void ringsAddRemote(const Napi::CallbackInfo& info) {
  RingsHandle* const rings = takeRings(info);
  RingPlace place;
  Span<uint64_t> fields;
  if (rings == nullptr || !takeArray(info, 2, napi_biguint64_array, &fields)) return;
  if (fields.length != 5 || fields.data[0] == 0 || fields.data[0] > INT32_MAX) {
    refuse(info.Env(), "expected a process and where its indices are");
    return;
  }
  place.pid = static_cast<pid_t>(fields.data[0]);
  if (takePlace(info, fields, 1, &place)) addPlace(info, rings, place);
}

void ringsRemove(const Napi::CallbackInfo& info) {
  RingsHandle* const rings = takeRings(info);
  uint32_t id = 0;
  if (rings == nullptr || !takeNumber(info, 1, &id)) return;
  if (rings->ids.erase(id) > 0) rings->sampler->remove(id);
}

Napi::Value ringsTake(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  RingsHandle* const rings = takeRings(info);
  if (rings == nullptr) return env.Undefined();
  const TakenSlots taken = rings->sampler->take();
  std::vector<uint64_t> totals;
  std::vector<uint64_t> rows;
  std::vector<uint64_t> runs;
  std::vector<uint64_t> ended;
  appendTotals(taken.totals, &totals);
  for (const FinishedSlot& slot : taken.slots) {
    for (const FinishedRing& ring : slot.rings) appendSlot(slot.slot, ring, &rows, &runs);
  }
  for (const EndedRing& ring : taken.ended) {
    rings->ids.erase(ring.id);
    ended.insert(ended.end(), {ring.id, static_cast<uint64_t>(ring.why), static_cast<uint64_t>(ring.wallNs)});
  }
  const napi_value answer = toObject(env);
  setProperty(env, answer, "totals", toArray(env, napi_biguint64_array, totals));
  setProperty(env, answer, "slots", toArray(env, napi_biguint64_array, rows));
  setProperty(env, answer, "runs", toArray(env, napi_biguint64_array, runs));
  setProperty(env, answer, "ended", toArray(env, napi_biguint64_array, ended));
  return Napi::Value(env, answer);
}

void ringsClose(const Napi::CallbackInfo& info) {
  RingsHandle* const rings = takeRings(info, true);
  if (rings != nullptr) rings->stop();
}

}  // namespace fournines
