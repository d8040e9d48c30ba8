#ifndef FOURNINES_TELEMETRY_H_
#define FOURNINES_TELEMETRY_H_

#include <napi.h>

#include <set>

namespace fournines {

struct TelemetryClient;

// Those of one environment whose thread may still run.
using TelemetryClients = std::set<TelemetryClient*>;

// (path, deadline ms): promise of { handle, version, pid, maxOutputLen }, or of { isHandshake, call, errno } when
// there is no connection.
Napi::Value telemetryOpen(const Napi::CallbackInfo& info);

// (handle, commands each followed by a NUL, reply deadline ms, CPUs or none, interval ms): begins one round, or with an
// interval above 0 a series of them.
void telemetryAsk(const Napi::CallbackInfo& info);

// (handle): promise of the rounds done since the last call, at least one; of null when there will be no more, because
// the request is done or the peer is gone. Two elements for each round. The first: all its numbers (lists of names
// before this one are void from now on, late, skipped; for each command status, number of its list of names or 0 when
// it is not flat, how many values and texts it has, wall, mono, span; then all values). The second: null, or
// { texts, listIds, listTexts }: texts of all commands, and the lists that are new.
Napi::Value telemetryNext(const Napi::CallbackInfo& info);

// (handle): ends a series.
void telemetryStop(const Napi::CallbackInfo& info);

// (handle, drain ms): promise of the socket's end, or of the end of that time.
Napi::Value telemetryClose(const Napi::CallbackInfo& info);

}  // namespace fournines

#endif  // FOURNINES_TELEMETRY_H_
