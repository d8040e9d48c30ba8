#ifndef FOURNINES_ATTRIBUTES_H_
#define FOURNINES_ATTRIBUTES_H_

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string>

namespace fournines {

// One netlink attribute; `data` points into the message.
struct Attribute {
  uint16_t type = 0;
  const uint8_t* data = nullptr;
  size_t bytes = 0;

  // False when it is too short to be one.
  bool toUint16(uint16_t* value) const {
    if (bytes < sizeof(*value)) return false;
    memcpy(value, data, sizeof(*value));
    return true;
  }

  // False when it is too short to be one.
  bool toUint32(uint32_t* value) const {
    if (bytes < sizeof(*value)) return false;
    // Payloads are aligned to 4 bytes only and 64-bit fields may straddle: always copied, never cast.
    memcpy(value, data, sizeof(*value));
    return true;
  }

  // An attribute of the kernel's type "uint": 4 bytes, or 8 where the value needs them. False: of another length.
  bool toUint64(uint64_t* value) const {
    uint32_t narrow = 0;
    if (bytes == sizeof(narrow) && toUint32(&narrow)) {
      *value = narrow;
      return true;
    }
    if (bytes != sizeof(*value)) return false;
    memcpy(value, data, sizeof(*value));
    return true;
  }

  // Up to the NUL, or to the end when there is none.
  void appendText(std::string* text) const {
    if (bytes == 0) return;
    const char* const chars = reinterpret_cast<const char*>(data);
    text->append(chars, strnlen(chars, bytes));
  }
};

// Walks attributes without trusting their lengths: the walk ends at the first one that leaves the message.
class Attributes {
 public:
  Attributes(const uint8_t* data, size_t bytes) : at_(data), left_(bytes) {}
  explicit Attributes(const Attribute& nest) : Attributes(nest.data, nest.bytes) {}

  bool next(Attribute* attribute) {
    nlattr header;
    if (left_ < sizeof(header)) return false;
    memcpy(&header, at_, sizeof(header));
    if (header.nla_len < sizeof(header) || header.nla_len > left_) return false;
    // Newer kernels set NLA_F_NESTED in the type of nests; older ones do not.
    attribute->type = header.nla_type & NLA_TYPE_MASK;
    attribute->data = at_ + sizeof(header);
    attribute->bytes = header.nla_len - sizeof(header);
    const size_t aligned = NLA_ALIGN(header.nla_len);
    const size_t step = aligned < left_ ? aligned : left_;
    at_ += step;
    left_ -= step;
    return true;
  }

 private:
  const uint8_t* at_;
  size_t left_;
};

}  // namespace fournines

#endif  // FOURNINES_ATTRIBUTES_H_
