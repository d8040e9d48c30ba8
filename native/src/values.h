#ifndef FOURNINES_VALUES_H_
#define FOURNINES_VALUES_H_

#include <node_api.h>
#include <string.h>

#include <string>
#include <vector>

#include "failure.h"

// Makes JavaScript values by the C interface: see refuse() in arguments.h for why.
namespace fournines {

// Text as a JavaScript string; nullptr when there is no memory or the environment is being terminated.
inline napi_value toText(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  return napi_create_string_utf8(env, text.data(), text.size(), &value) == napi_ok ? value : nullptr;
}

inline napi_value toNumber(napi_env env, double number) {
  napi_value value = nullptr;
  return napi_create_double(env, number, &value) == napi_ok ? value : nullptr;
}

// The status is left alone: a failure leaves an exception pending, or the thread is being terminated and nobody will
// look at the object.
inline void setProperty(napi_env env, napi_value object, const char* name, napi_value value) {
  if (object != nullptr && value != nullptr) napi_set_named_property(env, object, name, value);
}

inline void throwFailure(napi_env env, const Failure& failure) {
  napi_value error = nullptr;
  napi_create_error(env, nullptr, toText(env, std::string(failure.call) + ": " + strerror(failure.error)), &error);
  setProperty(env, error, "call", toText(env, failure.call));
  setProperty(env, error, "errno", toNumber(env, failure.error));
  napi_throw(env, error);
}

template <typename T>
napi_value toArray(napi_env env, napi_typedarray_type type, const std::vector<T>& values) {
  const size_t bytes = values.size() * sizeof(T);
  void* data = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env, bytes, &data, &buffer) != napi_ok) return nullptr;
  // An empty buffer has no memory, and memcpy to null is undefined.
  if (bytes > 0) memcpy(data, values.data(), bytes);
  return napi_create_typedarray(env, type, values.size(), buffer, 0, &array) == napi_ok ? array : nullptr;
}

inline napi_value toObject(napi_env env) {
  napi_value object = nullptr;
  return napi_create_object(env, &object) == napi_ok ? object : nullptr;
}

}  // namespace fournines

#endif  // FOURNINES_VALUES_H_
