#include "telemetry.h"

#include <errno.h>

#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "affinity.h"
#include "arguments.h"
#include "state.h"
#include "telemetry-connection.h"
#include "values.h"

// The border to JavaScript of the telemetry client.
namespace fournines {

namespace {

// Threads of one environment, those that linger included. DPDK itself takes ten connections a process.
constexpr size_t kClientsMax = 32;
constexpr size_t kCommandsMax = 4096;
constexpr size_t kCommandBytesMax = 1023;
constexpr size_t kPathBytesMax = 107;
constexpr int64_t kMsMax = 600000;
constexpr int64_t kMs = 1000000;
// How long the end of an environment (the process's exit, a worker's end) may wait for an outstanding answer.
constexpr int64_t kEndDrainNs = 500 * kMs;

using Event = TelemetryConnection::Event;

}  // namespace

// Everything but the connection's own thread belongs to the environment's thread.
struct TelemetryClient {
  TelemetryClient(std::string path, int64_t deadlineNs, std::shared_ptr<TelemetryClients> all)
      : clients(std::move(all)), connection(std::move(path), deadlineNs) {}

  const std::shared_ptr<TelemetryClients> clients;
  napi_env env = nullptr;
  napi_threadsafe_function report = nullptr;
  napi_deferred opening = nullptr;
  napi_deferred next = nullptr;
  napi_deferred closing = nullptr;
  bool isClosed = false;
  // A request is under way; of a single round its end is told with it, so that the next may be asked for at once.
  bool isAsked = false;
  bool isSeries = false;
  // No JavaScript object leads here (yet, or any more), and the thread is over: only then is it deleted.
  bool isUnreachable = true;
  bool isEnded = false;
  TelemetryConnection connection;
};

namespace {

void deleteWhenOver(TelemetryClient* client) {
  if (client->isUnreachable && client->isEnded) delete client;
}

void noteEnd(TelemetryClient* client) {
  client->isEnded = true;
  client->clients->erase(client);
  napi_release_threadsafe_function(client->report, napi_tsfn_release);
}

// Runs when the environment goes while the thread runs. Before the hook of the thread-safe function, which was added
// earlier: after the join nobody uses that any more.
void endWithEnvironment(void* data) {
  TelemetryClient* const client = static_cast<TelemetryClient*>(data);
  client->connection.join(kEndDrainNs);
  noteEnd(client);
  deleteWhenOver(client);
}

// An idle connection does not keep the process alive; one that somebody waits for does.
void holdLoop(TelemetryClient* client) {
  const bool isAwaited = client->opening != nullptr || client->next != nullptr || client->closing != nullptr;
  if (isAwaited) {
    napi_ref_threadsafe_function(client->env, client->report);
  } else {
    napi_unref_threadsafe_function(client->env, client->report);
  }
}

napi_value toNull(napi_env env) {
  napi_value value = nullptr;
  return napi_get_null(env, &value) == napi_ok ? value : nullptr;
}

napi_value toList(napi_env env, const std::vector<std::string>& texts) {
  napi_value list = nullptr;
  if (napi_create_array_with_length(env, texts.size(), &list) != napi_ok) return nullptr;
  for (size_t i = 0; i < texts.size(); i++) {
    const napi_value text = toText(env, texts[i]);
    if (text != nullptr) napi_set_element(env, list, static_cast<uint32_t>(i), text);
  }
  return list;
}

// Takes the deferred out first: JavaScript may ask anew as soon as it is settled.
void resolve(TelemetryClient* client, napi_deferred* deferred, napi_value value) {
  if (*deferred == nullptr) return;
  const napi_deferred taken = *deferred;
  *deferred = nullptr;
  holdLoop(client);
  if (value != nullptr) napi_resolve_deferred(client->env, taken, value);
}

napi_value toHandle(TelemetryClient* client) {
  const napi_env env = client->env;
  const napi_value object = toObject(env);
  const napi_type_tag tag = Napi::Env(env).GetInstanceData<State>()->telemetryTag();
  const napi_status status = napi_wrap(
      env, object, client,
      [](napi_env, void* data, void*) {
        TelemetryClient* const gone = static_cast<TelemetryClient*>(data);
        gone->isUnreachable = true;
        if (!gone->isEnded) gone->connection.close(0);
        deleteWhenOver(gone);
      },
      nullptr, nullptr);
  if (status != napi_ok) return nullptr;
  client->isUnreachable = false;
  napi_type_tag_object(env, object, &tag);
  return object;
}

napi_value toOpened(TelemetryClient* client) {
  const napi_env env = client->env;
  const TelemetryConnection& connection = client->connection;
  const napi_value answer = toObject(env);
  if (connection.opened() != TelemetryPeer::Opened::kOpen) {
    const bool isHandshake = connection.opened() == TelemetryPeer::Opened::kNoHandshake;
    napi_value flag = nullptr;
    napi_get_boolean(env, isHandshake, &flag);
    setProperty(env, answer, "isHandshake", flag);
    setProperty(env, answer, "call", toText(env, connection.why().call));
    setProperty(env, answer, "errno", toNumber(env, connection.why().error));
    return answer;
  }
  const Handshake& handshake = connection.handshake();
  const napi_value handle = toHandle(client);
  // Nobody could close it.
  if (handle == nullptr) client->connection.close(0);
  setProperty(env, answer, "handle", handle);
  setProperty(env, answer, "version", toText(env, handshake.version));
  setProperty(env, answer, "pid", toNumber(env, static_cast<double>(handshake.pid)));
  setProperty(env, answer, "maxOutputLen", toNumber(env, static_cast<double>(handshake.outputBytesMax)));
  return answer;
}

// A process that wakes once a second finds nothing in its caches: what costs is how much is touched, so the usual round
// is one array.
napi_value toNumbers(napi_env env, const Round& round) {
  std::vector<uint64_t> numbers = {round.firstListId, round.late, round.skipped};
  numbers.reserve(numbers.size() + round.rows.size() * 7 + round.values.size());
  for (const ReplyRow& row : round.rows) {
    const uint64_t fields[] = {static_cast<uint64_t>(row.status), row.listId,  row.valueCount, row.hasText ? 1u : 0u,
                               row.wallNs,                        row.monoNs, row.spanNs};
    numbers.insert(numbers.end(), std::begin(fields), std::end(fields));
  }
  numbers.insert(numbers.end(), round.values.begin(), round.values.end());
  return toArray(env, napi_biguint64_array, numbers);
}

napi_value toTexts(napi_env env, const Round& round) {
  if (round.texts.empty() && round.newLists.empty()) return toNull(env);
  std::vector<double> listIds;
  std::vector<std::string> listTexts;
  for (const auto& [id, text] : round.newLists) {
    listIds.push_back(static_cast<double>(id));
    listTexts.push_back(text);
  }
  const napi_value answer = toObject(env);
  setProperty(env, answer, "texts", toList(env, round.texts));
  setProperty(env, answer, "listIds", toArray(env, napi_float64_array, listIds));
  setProperty(env, answer, "listTexts", toList(env, listTexts));
  return answer;
}

// Settles who waits for rounds, when there are any or will be no more.
void tellRounds(TelemetryClient* client) {
  if (client->next == nullptr || (client->isAsked && !client->isSeries)) return;
  const std::vector<Round> rounds = client->connection.takeRounds();
  if (rounds.empty()) {
    if (!client->isAsked) resolve(client, &client->next, toNull(client->env));
    return;
  }
  napi_value list = nullptr;
  if (napi_create_array_with_length(client->env, rounds.size() * 2, &list) != napi_ok) list = nullptr;
  uint32_t at = 0;
  for (size_t i = 0; i < rounds.size() && list != nullptr; i++) {
    for (const napi_value part : {toNumbers(client->env, rounds[i]), toTexts(client->env, rounds[i])}) {
      if (part != nullptr) napi_set_element(client->env, list, at, part);
      at++;
    }
  }
  resolve(client, &client->next, list);
}

// On the environment's thread, in the order of the reports. Without an environment it is being torn down, and the
// client may be gone.
void onEvent(napi_env env, napi_value, void* context, void* data) {
  if (env == nullptr) return;
  TelemetryClient* const client = static_cast<TelemetryClient*>(context);
  switch (static_cast<Event>(reinterpret_cast<uintptr_t>(data))) {
    case Event::kOpened:
      resolve(client, &client->opening, toOpened(client));
      return;
    case Event::kDone:
    case Event::kGone:
      client->isAsked = false;
      tellRounds(client);
      return;
    case Event::kRounds:
      tellRounds(client);
      return;
    case Event::kSettled:
      resolve(client, &client->closing, toNull(env));
      return;
    case Event::kEnded:
      client->connection.join(0);
      napi_remove_env_cleanup_hook(env, endWithEnvironment, client);
      noteEnd(client);
      deleteWhenOver(client);
      return;
  }
}

// Argument `index` as a wait; else throws and returns false.
bool takeMs(const Napi::CallbackInfo& info, size_t index, int64_t least, int64_t* ms) {
  const napi_env env = info.Env();
  double number = 0;
  if (napi_get_value_double(env, info[index], &number) != napi_ok || !(number >= least && number <= kMsMax)) {
    return refuse(env, "expected a wait in ms");
  }
  *ms = static_cast<int64_t>(number);
  return true;
}

// Argument 0 as a client of this load; else throws and returns nullptr.
TelemetryClient* takeClient(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const napi_type_tag tag = env.GetInstanceData<State>()->telemetryTag();
  bool isOurs = false;
  void* wrapped = nullptr;
  if (!info[0].IsObject() || napi_check_object_type_tag(env, info[0], &tag, &isOurs) != napi_ok || !isOurs ||
      napi_unwrap(env, info[0], &wrapped) != napi_ok || wrapped == nullptr) {
    refuse(env, "expected a telemetry handle of this addon");
    return nullptr;
  }
  return static_cast<TelemetryClient*>(wrapped);
}

bool takeCommands(const Napi::CallbackInfo& info, size_t index, std::vector<std::string>* commands) {
  std::string text;
  if (!takeText(info, index, kCommandsMax * (kCommandBytesMax + 1), &text)) return false;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\0', at);
    if (end == std::string::npos || end == at || end - at > kCommandBytesMax || commands->size() == kCommandsMax) {
      return refuse(info.Env(), "expected commands, each followed by a NUL");
    }
    commands->emplace_back(text, at, end - at);
    at = end + 1;
  }
  return true;
}

bool takeCpus(const Napi::CallbackInfo& info, size_t index, std::vector<uint32_t>* cpus) {
  Span<uint32_t> span;
  if (!takeArray(info, index, napi_uint32_array, &span)) return false;
  for (size_t i = 0; i < span.length; i++) {
    if (span.data[i] >= kCpusMax) return refuse(info.Env(), "no such CPU");
  }
  cpus->assign(span.data, span.data + span.length);
  return true;
}

// The thread-safe function, the hook and the thread, in this order; all of them or none.
Failure startClient(TelemetryClient* client) {
  const napi_env env = client->env;
  const napi_value name = toText(env, "fournines telemetry");
  if (name == nullptr || napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, client,
                                                         onEvent, &client->report) != napi_ok) {
    return {"napi_create_threadsafe_function", ENOMEM};
  }
  Failure failure;
  if (napi_add_env_cleanup_hook(env, endWithEnvironment, client) != napi_ok) {
    failure = {"napi_add_env_cleanup_hook", ENOMEM};
  } else {
    failure = client->connection.start(
        [](void* context, Event event) {
          // Only an environment that ends refuses, and then nobody waits.
          napi_call_threadsafe_function(static_cast<napi_threadsafe_function>(context),
                                        reinterpret_cast<void*>(static_cast<uintptr_t>(event)), napi_tsfn_nonblocking);
        },
        client->report);
    if (failure.failed()) napi_remove_env_cleanup_hook(env, endWithEnvironment, client);
  }
  if (failure.failed()) napi_release_threadsafe_function(client->report, napi_tsfn_release);
  return failure;
}

}  // namespace

Napi::Value telemetryOpen(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string path;
  int64_t deadlineMs = 0;
  if (!takeText(info, 0, kPathBytesMax, &path) || !takeMs(info, 1, 1, &deadlineMs)) return env.Undefined();
  const std::shared_ptr<TelemetryClients>& clients = env.GetInstanceData<State>()->telemetry;
  if (clients->size() >= kClientsMax) {
    throwFailure(env, {"telemetry", EMFILE});
    return env.Undefined();
  }
  TelemetryClient* const client = new TelemetryClient(std::move(path), monotonicNs() + deadlineMs * kMs, clients);
  client->env = env;
  napi_value promise = nullptr;
  if (napi_create_promise(env, &client->opening, &promise) != napi_ok) {
    delete client;
    return env.Undefined();
  }
  const Failure failure = startClient(client);
  if (failure.failed()) {
    delete client;
    throwFailure(env, failure);
    return env.Undefined();
  }
  clients->insert(client);
  return Napi::Value(env, promise);
}

void telemetryAsk(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  TelemetryClient* const client = takeClient(info);
  int64_t replyDeadlineMs = 0;
  int64_t intervalMs = 0;
  RoundRequest request;
  if (client == nullptr || !takeCommands(info, 1, &request.commands) || !takeMs(info, 2, 1, &replyDeadlineMs) ||
      !takeCpus(info, 3, &request.cpus) || !takeMs(info, 4, 0, &intervalMs)) {
    return;
  }
  if (client->isClosed || client->isAsked || client->next != nullptr) {
    throwFailure(env, client->isClosed ? Failure{"close", EBADF} : Failure{"telemetry", EBUSY});
    return;
  }
  request.replyDeadlineNs = replyDeadlineMs * kMs;
  request.intervalNs = intervalMs * kMs;
  client->isAsked = true;
  client->isSeries = request.intervalNs > 0;
  client->connection.ask(std::move(request));
}

Napi::Value telemetryNext(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  TelemetryClient* const client = takeClient(info);
  if (client == nullptr) return env.Undefined();
  if (client->next != nullptr) {
    throwFailure(env, {"telemetry", EBUSY});
    return env.Undefined();
  }
  napi_value promise = nullptr;
  if (napi_create_promise(env, &client->next, &promise) != napi_ok) return env.Undefined();
  holdLoop(client);
  tellRounds(client);
  return Napi::Value(env, promise);
}

void telemetryStop(const Napi::CallbackInfo& info) {
  TelemetryClient* const client = takeClient(info);
  if (client != nullptr) client->connection.stop();
}

Napi::Value telemetryClose(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  TelemetryClient* const client = takeClient(info);
  int64_t drainMs = 0;
  if (client == nullptr || !takeMs(info, 1, 1, &drainMs)) return env.Undefined();
  if (client->isClosed) {
    throwFailure(env, {"close", EBADF});
    return env.Undefined();
  }
  napi_value promise = nullptr;
  if (napi_create_promise(env, &client->closing, &promise) != napi_ok) return env.Undefined();
  client->isClosed = true;
  holdLoop(client);
  client->connection.close(drainMs * kMs);
  return Napi::Value(env, promise);
}

}  // namespace fournines
