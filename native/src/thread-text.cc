#include "thread-text.h"

#include <errno.h>
#include <string.h>

#include <initializer_list>

namespace fournines {

namespace {

// Fields of /proc/PID/stat as proc(5) numbers them; the first after the name is 3.
constexpr int kStatState = 3;
constexpr int kStatStartTicks = 22;
constexpr int kStatProcessor = 39;

// What stands behind `label` at the start of a line, to the end of that line; nullptr when there is no such line.
const char* lineOf(const char* text, size_t length, const char* label, const char** end) {
  const size_t labelBytes = strlen(label);
  const char* const found = static_cast<const char*>(memmem(text, length, label, labelBytes));
  if (found == nullptr) return nullptr;
  const char* const at = found + labelBytes;
  *end = static_cast<const char*>(memchr(at, '\n', static_cast<size_t>(text + length - at)));
  return *end == nullptr ? nullptr : at;
}

}  // namespace

ThreadRead threadReadOf(int error) {
  return error == ENOENT || error == ESRCH ? ThreadRead::kGone : ThreadRead::kFailed;
}

const char* parseNumber(const char* at, const char* end, uint64_t* number) {
  const char* const begin = at;
  uint64_t value = 0;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    if (__builtin_mul_overflow(value, uint64_t{10}, &value)) return nullptr;
    if (__builtin_add_overflow(value, static_cast<uint64_t>(*at - '0'), &value)) return nullptr;
  }
  *number = value;
  return at == begin ? nullptr : at;
}

bool parseSchedstat(const char* at, const char* end, uint64_t* row) {
  for (const ThreadField field : {kFieldRunNs, kFieldRunDelayNs, kFieldTimeslices}) {
    at = parseNumber(at, end, &row[field]);
    if (at == nullptr || at == end) return false;
    at++;
  }
  return true;
}

bool parseStat(const char* buffer, size_t length, uint64_t* row) {
  const char* const end = buffer + length;
  const char* at = static_cast<const char*>(memrchr(buffer, ')', length));
  if (at == nullptr) return false;
  at++;
  for (int field = kStatState; field <= kStatProcessor; field++) {
    if (at >= end || *at != ' ') return false;
    at++;
    if (at >= end) return false;
    if (field == kStatState) row[kFieldState] = static_cast<unsigned char>(*at);
    if (field == kStatStartTicks && parseNumber(at, end, &row[kFieldStartTicks]) == nullptr) return false;
    if (field == kStatProcessor && parseNumber(at, end, &row[kFieldCpu]) == nullptr) return false;
    while (at < end && *at != ' ' && *at != '\n') at++;
  }
  return true;
}

bool parseStatus(const char* text, size_t length, ThreadStatus* status) {
  const char* end = nullptr;
  const char* at = lineOf(text, length, "\nState:\t", &end);
  if (at == nullptr || at == end) return false;
  status->state = *at;
  at = lineOf(text, length, "\nCpus_allowed_list:\t", &end);
  status->isPinned = at != nullptr && memchr(at, ',', static_cast<size_t>(end - at)) == nullptr &&
                     memchr(at, '-', static_cast<size_t>(end - at)) == nullptr;
  at = lineOf(text, length, "\nvoluntary_ctxt_switches:\t", &end);
  if (at == nullptr || parseNumber(at, end, &status->voluntary) == nullptr) return false;
  at = lineOf(text, length, "\nnonvoluntary_ctxt_switches:\t", &end);
  return at != nullptr && parseNumber(at, end, &status->involuntary) != nullptr;
}

}  // namespace fournines
