#ifndef FOURNINES_RINGS_H_
#define FOURNINES_RINGS_H_

#include <napi.h>

#include <memory>
#include <set>

namespace fournines {

struct RingsHandle;

// Those of one environment whose thread may run.
using OpenRings = std::set<RingsHandle*>;

void stopAll(OpenRings* open);

// (period us): handle.
Napi::Value ringsOpen(const Napi::CallbackInfo& info);

// (handle, id, path, BigUint64Array of device, inode, offsets of used.idx and avail.idx, size, direction).
void ringsAdd(const Napi::CallbackInfo& info);

// (handle, id, BigUint64Array of pid, addresses of used.idx and avail.idx, size, direction).
void ringsAddRemote(const Napi::CallbackInfo& info);

// (handle, id).
void ringsRemove(const Napi::CallbackInfo& info);

// (handle): { totals, slots, runs, ended }, BigUint64Arrays; rows as in rings.ts. The runs of a ring stand one after the
// other, in the order of `slots`, which says how many each has.
Napi::Value ringsTake(const Napi::CallbackInfo& info);

// (handle).
void ringsClose(const Napi::CallbackInfo& info);

}  // namespace fournines

#endif  // FOURNINES_RINGS_H_
