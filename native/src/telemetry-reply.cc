#include "telemetry-reply.h"

#include <string.h>

#include "json-cursor.h"

namespace fournines {

namespace {

// PID_MAX_LIMIT of 64-bit kernels.
constexpr uint64_t kPidMax = 4194304;
// DPDK has 16,384 in every release. More than this would only cost memory.
constexpr uint64_t kOutputBytesMin = 64;
constexpr uint64_t kOutputBytesMax = 1048576;

// An object of unsigned integers. False: something else, sound or not.
bool takeFlat(JsonCursor* cursor, std::string* names, std::vector<uint64_t>* values) {
  if (!cursor->take('{')) return false;
  if (cursor->take('}')) return true;
  do {
    bool isPlain = true;
    bool isUnsigned = false;
    uint64_t value = 0;
    if (!cursor->takeString(names, &isPlain) || !isPlain || !cursor->take(':')) return false;
    if (!cursor->takeNumber(&value, &isUnsigned) || !isUnsigned) return false;
    *names += '\0';
    values->push_back(value);
  } while (cursor->take(','));
  return cursor->take('}');
}

// The value's own end; what follows it is for the caller.
bool isOver(JsonCursor* cursor) {
  if (!cursor->take('}')) return false;
  cursor->skipSpace();
  return cursor->isAtEnd();
}

}  // namespace

ReplyKind ReplyReader::read(const char* bytes, size_t count, const char* key, size_t keyBytes) {
  key_.clear();
  names_.clear();
  values_.clear();
  textBytes_ = 0;
  JsonCursor cursor(bytes, count);
  bool isPlain = true;
  if (!cursor.take('{') || !cursor.takeString(&key_, &isPlain) || !cursor.take(':')) return ReplyKind::kDamaged;
  cursor.skipSpace();
  const bool isOurs = isPlain && key_.size() == keyBytes && memcmp(key_.data(), key, keyBytes) == 0;
  if (isOurs) {
    JsonCursor flat = cursor;
    if (takeFlat(&flat, &names_, &values_) && isOver(&flat)) return ReplyKind::kFlat;
  }
  JsonCursor value = cursor;
  if (!value.skipValue()) return ReplyKind::kDamaged;
  text_ = cursor.at();
  textBytes_ = static_cast<size_t>(value.at() - cursor.at());
  if (!isOver(&value)) return ReplyKind::kDamaged;
  if (!isOurs) return ReplyKind::kOtherKey;
  return *text_ == 'n' ? ReplyKind::kNull : ReplyKind::kText;
}

bool readHandshake(const char* bytes, size_t count, Handshake* handshake) {
  JsonCursor cursor(bytes, count);
  if (!cursor.take('{')) return false;
  bool hasVersion = false;
  do {
    std::string name;
    bool isPlain = true;
    bool isUnsigned = true;
    if (!cursor.takeString(&name, &isPlain) || !cursor.take(':')) return false;
    if (name == "version") {
      handshake->version.clear();
      hasVersion = true;
      if (!cursor.takeString(&handshake->version, &isPlain)) return false;
    } else if (name == "pid") {
      if (!cursor.takeNumber(&handshake->pid, &isUnsigned)) return false;
    } else if (name == "max_output_len") {
      if (!cursor.takeNumber(&handshake->outputBytesMax, &isUnsigned)) return false;
    } else if (!cursor.skipValue()) {
      return false;
    }
    if (!isPlain || !isUnsigned) return false;
  } while (cursor.take(','));
  return isOver(&cursor) && hasVersion && handshake->pid > 0 && handshake->pid <= kPidMax &&
         handshake->outputBytesMax >= kOutputBytesMin && handshake->outputBytesMax <= kOutputBytesMax;
}

}  // namespace fournines
