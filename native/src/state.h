#ifndef FOURNINES_STATE_H_
#define FOURNINES_STATE_H_

#include <node_api.h>

#include <memory>

#include "handle.h"
#include "rings.h"
#include "telemetry.h"

namespace fournines {

// State of one environment (a process's main thread or one worker thread). There is no other, but for the
// handler of SIGBUS in bus-guard.cc, which can only be one a process.
struct State {
  std::shared_ptr<OpenHandles> handles = std::make_shared<OpenHandles>();
  std::shared_ptr<TelemetryClients> telemetry = std::make_shared<TelemetryClients>();
  std::shared_ptr<OpenRings> rings = std::make_shared<OpenRings>();

  // Mark handles of this load. Two copies of the addon in one process, or two threads, must not take each other's
  // objects for their own: the layout behind may differ.
  napi_type_tag tag() const { return {0x9f1c3a5be0d24e77u, reinterpret_cast<uint64_t>(this)}; }
  napi_type_tag ringsTag() const { return {0x31e8a90c7d5b46f2u, reinterpret_cast<uint64_t>(this)}; }
  napi_type_tag telemetryTag() const { return {0x5d20b7c41fe9638au, reinterpret_cast<uint64_t>(this)}; }
};

}  // namespace fournines

#endif  // FOURNINES_STATE_H_
