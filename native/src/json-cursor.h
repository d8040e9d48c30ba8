#ifndef FOURNINES_JSON_CURSOR_H_
#define FOURNINES_JSON_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace fournines {

// Walks over JSON text as RFC 8259 has it, strictly: UTF-8 only, no control characters in strings, no leading zeros.
// Every function returns false for text that is not JSON, and the cursor is of no use from then on.
class JsonCursor {
 public:
  JsonCursor(const char* text, size_t bytes) : at_(text), end_(text + bytes) {}

  const char* at() const { return at_; }
  bool isAtEnd() const { return at_ == end_; }

  void skipSpace() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) at_++;
  }

  // Whether `sign` is next, after spaces; steps over it when it is.
  bool take(char sign) {
    skipSpace();
    if (at_ == end_ || *at_ != sign) return false;
    at_++;
    return true;
  }

  // A string, appended to `text` unless that is null. `isPlain` becomes false when it holds what a list of texts
  // separated by NUL cannot carry: a NUL, or half of a surrogate pair.
  bool takeString(std::string* text, bool* isPlain);

  // A number; `isUnsigned` says whether it is one that 64 bits hold, written without sign, fraction and exponent.
  bool takeNumber(uint64_t* value, bool* isUnsigned);

  // Any value, brackets at most kDepthMax deep.
  bool skipValue(int depth = 0);

 private:
  static constexpr int kDepthMax = 32;

  bool takeEscape(std::string* text, bool* isPlain);
  bool takeHex(uint32_t* unit);
  bool takeUtf8(std::string* text);
  bool takeDigits();
  bool takeWord(const char* word);
  bool skipMembers(char close, int depth);

  const char* at_;
  const char* const end_;
};

}  // namespace fournines

#endif  // FOURNINES_JSON_CURSOR_H_
