#ifndef FOURNINES_STALLS_H_
#define FOURNINES_STALLS_H_

#include <napi.h>

namespace fournines {

struct Handle;

// The border to JavaScript of the stall sampler. Argument 0 is a handle, which addon.cc has taken already.

// (handle, procRoot, hz, thresholdNs): opens the handle's one sampler.
void stallsOpen(const Napi::CallbackInfo& info, Handle* handle);
// (handle, threads).
void stallsWatch(const Napi::CallbackInfo& info, Handle* handle);
// (handle, rows out): the stalls as one array.
Napi::Value stallsTake(const Napi::CallbackInfo& info, Handle* handle);
void stallsClose(Handle* handle);

}  // namespace fournines

#endif  // FOURNINES_STALLS_H_
