#include "generic.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

#include <string>

#include "attributes.h"

namespace fournines {

namespace {

// What the kernel says when it has no generic netlink, no such family or command, or when a security module keeps this
// process from it.
bool isRefusal(int error) {
  return error == ENOENT || error == EOPNOTSUPP || error == EPROTONOSUPPORT || error == EAFNOSUPPORT ||
         error == EPERM || error == EACCES;
}

}  // namespace

// A dump of all families, not a question for one name: to that question a kernel without the family answers by
// starting modprobe, and we would wait for it.
DumpRequest FamilyReader::request() {
  DumpRequest request = {"CTRL_CMD_GETFAMILY", GENL_ID_CTRL, GENL_ID_CTRL, GENL_HDRLEN};
  genlmsghdr header = {};
  header.cmd = CTRL_CMD_GETFAMILY;
  header.version = 1;
  memcpy(request.payload.data(), &header, sizeof(header));
  return request;
}

bool FamilyReader::take(const uint8_t* payload, size_t bytes) {
  if (bytes < GENL_HDRLEN) return false;
  std::string name;
  uint16_t number = 0;
  Attributes attributes(payload + GENL_HDRLEN, bytes - GENL_HDRLEN);
  Attribute attribute;
  while (attributes.next(&attribute)) {
    if (attribute.type == CTRL_ATTR_FAMILY_NAME) attribute.appendText(&name);
    if (attribute.type == CTRL_ATTR_FAMILY_ID && !attribute.toUint16(&number)) return false;
  }
  if (name != name_) return true;
  // Smaller numbers are netlink's own messages.
  if (number < NLMSG_MIN_TYPE) return false;
  id = number;
  return true;
}

void GenericFamily::close() { socket_.close(); }

Failure GenericFamily::resolve() {
  if (isResolved_) return success();
  FamilyReader reader(name_);
  const Failure failure = socket_.dump(FamilyReader::request(), &reader);
  if (failure.failed()) return failure;
  id_ = reader.id;
  // Also when it is not there: a kernel does not get one while it runs.
  isResolved_ = true;
  return success();
}

Failure GenericFamily::dump(DumpRequest request, DumpReader* reader, bool* isThere) {
  *isThere = false;
  Failure failure;
  for (int attempt = 0; attempt < 2; attempt++) {
    failure = resolve();
    if (failure.failed()) break;
    if (id_ == 0) return success();
    request.request = id_;
    request.reply = id_;
    failure = socket_.dump(request, reader);
    if (failure.error != ENOENT) break;
    // The number is no longer the family's.
    isResolved_ = false;
  }
  *isThere = !failure.failed();
  return isRefusal(failure.error) ? success() : failure;
}

}  // namespace fournines
