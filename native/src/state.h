#ifndef FOURNINES_STATE_H_
#define FOURNINES_STATE_H_

#include <node_api.h>

#include <memory>

#include "handle.h"
#include "telemetry.h"

namespace fournines {

// State of one environment (a process's main thread or one worker thread). There is no other: no globals, no statics.
struct State {
  std::shared_ptr<OpenHandles> handles = std::make_shared<OpenHandles>();
  std::shared_ptr<TelemetryClients> telemetry = std::make_shared<TelemetryClients>();

  // Mark handles of this load. Two copies of the addon in one process, or two threads, must not take each other's
  // objects for their own: the layout behind may differ.
  napi_type_tag tag() const { return {0x9f1c3a5be0d24e77u, reinterpret_cast<uint64_t>(this)}; }
  napi_type_tag telemetryTag() const { return {0x5d20b7c41fe9638au, reinterpret_cast<uint64_t>(this)}; }
};

}  // namespace fournines

#endif  // FOURNINES_STATE_H_
