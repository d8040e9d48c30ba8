#ifndef FOURNINES_TELEMETRY_REPLY_H_
#define FOURNINES_TELEMETRY_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fournines {

enum class ReplyKind {
  kFlat,      // an object of unsigned 64-bit integers: `names` and `values`
  kText,      // any other value: `text`
  kNull,      // unknown command, or refused
  kOtherKey,  // sound, but the answer to another command
  kDamaged,   // not JSON, or not one object with one key
};

// Takes datagrams of a DPDK telemetry server apart: {"/command": value}. Kept from reply to reply, so that its memory
// is reused.
class ReplyReader {
 public:
  // `key`: the command without its parameters.
  ReplyKind read(const char* bytes, size_t count, const char* key, size_t keyBytes);

  // Each followed by a NUL, in their order.
  const std::string& names() const { return names_; }
  const std::vector<uint64_t>& values() const { return values_; }
  // Inside the bytes last read.
  const char* text() const { return text_; }
  size_t textBytes() const { return textBytes_; }

 private:
  std::string key_;
  std::string names_;
  std::vector<uint64_t> values_;
  const char* text_ = nullptr;
  size_t textBytes_ = 0;
};

// What the server says first: {"version": text, "pid": number, "max_output_len": number}.
struct Handshake {
  std::string version;
  uint64_t pid = 0;
  uint64_t outputBytesMax = 0;
};

// False when it is not JSON, lacks one of them, or has a number that cannot be.
bool readHandshake(const char* bytes, size_t count, Handshake* handshake);

}  // namespace fournines

#endif  // FOURNINES_TELEMETRY_REPLY_H_
