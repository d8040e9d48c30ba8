#include "json-cursor.h"

#include <string.h>

namespace fournines {

namespace {

bool isDigit(char sign) { return sign >= '0' && sign <= '9'; }

bool isContinuation(char sign) { return (static_cast<uint8_t>(sign) & 0xc0) == 0x80; }

void appendUtf8(std::string* text, uint32_t point) {
  if (point < 0x80) {
    *text += static_cast<char>(point);
    return;
  }
  const int tail = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  static constexpr uint8_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  *text += static_cast<char>(kLead[tail] | (point >> (6 * tail)));
  for (int i = tail - 1; i >= 0; i--) *text += static_cast<char>(0x80 | ((point >> (6 * i)) & 0x3f));
}

}  // namespace

bool JsonCursor::takeString(std::string* text, bool* isPlain) {
  if (!take('"')) return false;
  for (;;) {
    const char* const start = at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\' && static_cast<uint8_t>(*at_) >= 0x20 &&
           static_cast<uint8_t>(*at_) < 0x80) {
      at_++;
    }
    if (text != nullptr) text->append(start, static_cast<size_t>(at_ - start));
    if (at_ == end_) return false;
    const uint8_t sign = static_cast<uint8_t>(*at_);
    if (sign == '"') {
      at_++;
      return true;
    }
    if (sign == '\\' ? !takeEscape(text, isPlain) : sign < 0x20 || !takeUtf8(text)) return false;
  }
}

bool JsonCursor::takeEscape(std::string* text, bool* isPlain) {
  at_++;
  if (at_ == end_) return false;
  const char sign = *at_++;
  static constexpr char kSigns[] = "\"\\/bfnrt";
  static constexpr char kMeant[] = "\"\\/\b\f\n\r\t";
  // strchr finds the NUL behind the list too.
  const char* const found = sign == '\0' ? nullptr : strchr(kSigns, sign);
  if (found != nullptr) {
    if (text != nullptr) *text += kMeant[found - kSigns];
    return true;
  }
  uint32_t point = 0;
  if (sign != 'u' || !takeHex(&point)) return false;
  if (point >= 0xd800 && point < 0xdc00 && end_ - at_ >= 2 && at_[0] == '\\' && at_[1] == 'u') {
    const char* const before = at_;
    uint32_t low = 0;
    at_ += 2;
    if (!takeHex(&low)) return false;
    if (low >= 0xdc00 && low < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else {
      at_ = before;
    }
  }
  if (point == 0 || (point >= 0xd800 && point < 0xe000)) {
    *isPlain = false;
  } else if (text != nullptr) {
    appendUtf8(text, point);
  }
  return true;
}

bool JsonCursor::takeHex(uint32_t* unit) {
  if (end_ - at_ < 4) return false;
  *unit = 0;
  for (int i = 0; i < 4; i++) {
    const char sign = *at_++;
    const char lower = static_cast<char>(sign | 0x20);
    if (isDigit(sign)) {
      *unit = *unit * 16 + static_cast<uint32_t>(sign - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      *unit = *unit * 16 + static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return false;
    }
  }
  return true;
}

// One character of two to four bytes, in its shortest form and not a surrogate.
bool JsonCursor::takeUtf8(std::string* text) {
  const uint8_t lead = static_cast<uint8_t>(*at_);
  const int tail = lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 0;
  if (tail == 0 || end_ - at_ <= tail) return false;
  for (int i = 1; i <= tail; i++) {
    if (!isContinuation(at_[i])) return false;
  }
  const uint8_t second = static_cast<uint8_t>(at_[1]);
  const bool isTooLong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool isNone = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);
  if (isTooLong || isNone) return false;
  if (text != nullptr) text->append(at_, static_cast<size_t>(tail) + 1);
  at_ += tail + 1;
  return true;
}

bool JsonCursor::takeDigits() {
  const char* const start = at_;
  while (at_ != end_ && isDigit(*at_)) at_++;
  return at_ != start;
}

bool JsonCursor::takeNumber(uint64_t* value, bool* isUnsigned) {
  skipSpace();
  *isUnsigned = true;
  *value = 0;
  if (at_ != end_ && *at_ == '-') {
    *isUnsigned = false;
    at_++;
  }
  const char* const first = at_;
  while (at_ != end_ && isDigit(*at_)) {
    const uint64_t digit = static_cast<uint64_t>(*at_++ - '0');
    if (__builtin_mul_overflow(*value, uint64_t{10}, value) || __builtin_add_overflow(*value, digit, value)) {
      *isUnsigned = false;
    }
  }
  if (at_ == first || (*first == '0' && at_ - first > 1)) return false;
  if (at_ != end_ && *at_ == '.') {
    *isUnsigned = false;
    at_++;
    if (!takeDigits()) return false;
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    *isUnsigned = false;
    at_++;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) at_++;
    if (!takeDigits()) return false;
  }
  return true;
}

bool JsonCursor::takeWord(const char* word) {
  const size_t bytes = strlen(word);
  if (static_cast<size_t>(end_ - at_) < bytes || memcmp(at_, word, bytes) != 0) return false;
  at_ += bytes;
  return true;
}

bool JsonCursor::skipValue(int depth) {
  skipSpace();
  if (at_ == end_ || depth > kDepthMax) return false;
  bool ignored = true;
  uint64_t number = 0;
  switch (*at_) {
    case '{':
    case '[':
      return skipMembers(*at_++ == '{' ? '}' : ']', depth);
    case '"':
      return takeString(nullptr, &ignored);
    case 't':
      return takeWord("true");
    case 'f':
      return takeWord("false");
    case 'n':
      return takeWord("null");
    default:
      return takeNumber(&number, &ignored);
  }
}

bool JsonCursor::skipMembers(char close, int depth) {
  if (take(close)) return true;
  do {
    bool ignored = true;
    if (close == '}' && (!takeString(nullptr, &ignored) || !take(':'))) return false;
    if (!skipValue(depth + 1)) return false;
  } while (take(','));
  return take(close);
}

}  // namespace fournines
