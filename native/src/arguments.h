#ifndef FOURNINES_ARGUMENTS_H_
#define FOURNINES_ARGUMENTS_H_

#include <napi.h>

#include <string>

namespace fournines {

// A typed array's memory; valid until JavaScript runs again.
template <typename T>
struct Span {
  T* data = nullptr;
  size_t length = 0;
};

// addon.ts has checked already; these make sure that any other caller gets a TypeError and never a crash.
inline bool refuse(napi_env env, const char* why) {
  // By the C interface, here and wherever a call may fail: when a worker thread is being terminated nothing can be
  // thrown, and the C++ wrapper answers that by ending the process.
  napi_throw_type_error(env, nullptr, why);
  return false;
}

// The memory of argument `index` when it is a typed array of exactly `type`; else throws and returns false.
template <typename T>
bool takeArray(const Napi::CallbackInfo& info, size_t index, napi_typedarray_type type, Span<T>* span) {
  const Napi::Env env = info.Env();
  const Napi::Value value = info[index];
  if (!value.IsTypedArray()) return refuse(env, "expected a typed array");
  napi_typedarray_type actual;
  void* data = nullptr;
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &actual, &length, &data, nullptr, nullptr) != napi_ok) {
    return refuse(env, "expected a typed array");
  }
  if (actual != type) return refuse(env, "typed array of another type");
  // A detached buffer (transferred to a worker) has no memory, whatever length it had.
  span->data = static_cast<T*>(data);
  span->length = data == nullptr ? 0 : length;
  return true;
}

// Argument `index` as UTF-8 when it is a string of at most `bytesMax`; else throws and returns false.
inline bool takeText(const Napi::CallbackInfo& info, size_t index, size_t bytesMax, std::string* text) {
  const Napi::Env env = info.Env();
  const Napi::Value value = info[index];
  if (!value.IsString()) return refuse(env, "expected a string");
  size_t bytes = 0;
  // Measured first: a huge string must not be copied, let alone exhaust memory with exceptions off.
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &bytes) != napi_ok || bytes > bytesMax) {
    return refuse(env, "string too long");
  }
  text->resize(bytes + 1);
  if (napi_get_value_string_utf8(env, value, &(*text)[0], bytes + 1, &bytes) != napi_ok) {
    return refuse(env, "expected a string");
  }
  text->resize(bytes);
  return true;
}

}  // namespace fournines

#endif  // FOURNINES_ARGUMENTS_H_
