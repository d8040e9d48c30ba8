// Feeds damaged netlink datagrams to the parsers under the sanitizers. native/sanitize.mjs compiles and runs it.
// Dumps of this machine are the seeds, and one of our making; each is cut, flipped and respliced by a fixed generator.
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <random>
#include <vector>

#include "../../native/src/generic.h"
#include "../../native/src/links.h"
#include "../../native/src/messages.h"
#include "../../native/src/qdiscs.h"
#include "../../native/src/queues.h"

using fournines::DumpRequest;

namespace {

constexpr uint32_t kSequence = 1;
constexpr int kRounds = 200000;

// The first datagram that this machine answers.
std::vector<uint8_t> seedOf(int protocol, const DumpRequest& request) {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  alignas(nlmsghdr) uint8_t message[NLMSG_HDRLEN + sizeof(request.payload)] = {};
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(request.payloadBytes));
  header.nlmsg_type = request.request;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = kSequence;
  memcpy(message, &header, sizeof(header));
  memcpy(message + NLMSG_HDRLEN, request.payload.data(), request.payloadBytes);
  std::vector<uint8_t> seed(65536);
  const bool isSent = send(fd, message, header.nlmsg_len, 0) > 0;
  const ssize_t got = isSent ? recv(fd, seed.data(), seed.size(), 0) : 0;
  close(fd);
  seed.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return seed;
}

void append(std::vector<uint8_t>* to, const void* from, size_t bytes) {
  const uint8_t* const begin = static_cast<const uint8_t*>(from);
  to->insert(to->end(), begin, begin + bytes);
}

void appendAttribute(std::vector<uint8_t>* to, uint16_t type, uint64_t value, uint16_t bytes) {
  const nlattr header = {static_cast<uint16_t>(NLA_HDRLEN + bytes), type};
  append(to, &header, sizeof(header));
  append(to, &value, bytes);
}

// Rows of a NIC with many queues, counters of 4 and of 8 bytes and some left out: no machine gives all of it.
std::vector<uint8_t> queueSeed(const DumpRequest& request) {
  std::vector<uint8_t> seed;
  for (uint32_t i = 0; i < 16; i++) {
    std::vector<uint8_t> message;
    // The request's own header: replies carry the same command.
    append(&message, request.payload.data(), GENL_HDRLEN);
    appendAttribute(&message, 1, 4, 4);
    appendAttribute(&message, 2, i % 2, 4);
    appendAttribute(&message, 3, i / 2, 4);
    for (const uint16_t type : {8, 9, 10, 11, 13, 24}) {
      if ((i + type) % 5 != 0) appendAttribute(&message, type, uint64_t{i} << (4 * i), i % 3 == 0 ? 4 : 8);
    }
    nlmsghdr header = {};
    header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(message.size()));
    header.nlmsg_type = request.reply;
    header.nlmsg_flags = NLM_F_MULTI;
    header.nlmsg_seq = kSequence;
    append(&seed, &header, sizeof(header));
    append(&seed, message.data(), message.size());
  }
  return seed;
}

struct NetdevReader final : fournines::DumpReader {
  fournines::FamilyReader family{fournines::kNetdevFamily};
  void restart() override { family.restart(); }
  bool take(const uint8_t* payload, size_t bytes) override { return family.take(payload, bytes); }
};

// Returns how many datagrams still made sense; the point is that none is read out of bounds.
template <typename Reader>
int fuzz(std::mt19937* random, const DumpRequest& request, const std::vector<uint8_t>& seed) {
  Reader whole;
  if (seed.empty() || fournines::readDatagram(seed.data(), seed.size(), kSequence, request.reply, &whole).error != 0) {
    printf("%s: no seed\n", request.call);
    return -1;
  }
  const auto below = [random](size_t bound) { return static_cast<size_t>((*random)()) % bound; };
  int sound = 0;
  for (int round = 0; round < kRounds; round++) {
    const size_t length = below(4) == 0 ? below(seed.size() + 1) : seed.size();
    // Exactly as long as the datagram: one byte too far is an error of the sanitizer.
    const std::unique_ptr<uint8_t[]> bytes(new uint8_t[length]);
    if (length > 0) memcpy(bytes.get(), seed.data(), length);
    const size_t flips = below(8);
    for (size_t i = 0; i < flips && length > 0; i++) {
      static constexpr uint8_t kEdges[] = {0, 1, 3, 4, 5, 0x7f, 0x80, 0xff};
      // Lengths and types lie in the first bytes of a message: half of the damage goes there.
      const size_t at = below(2) == 0 ? below(length < 64 ? length : 64) : below(length);
      bytes[at] = below(2) == 0 ? kEdges[below(sizeof(kEdges))] : static_cast<uint8_t>(below(256));
    }
    Reader reader;
    if (fournines::readDatagram(bytes.get(), length, kSequence, request.reply, &reader).error == 0) sound++;
  }
  printf("%s: %d damaged datagrams of %zu bytes, %d still made sense\n", request.call, kRounds, seed.size(), sound);
  return sound;
}

// A family or a command that this kernel does not have is an answer, not a failure.
bool isAbsenceTold() {
  fournines::QueueReader reader;
  DumpRequest request = fournines::QueueReader::request();
  bool hasFamily = true;
  fournines::GenericFamily none("fn-none");
  const bool isFamilyTold = !none.dump(request, &reader, &hasFamily).failed() && !hasFamily;
  genlmsghdr header = {};
  header.cmd = 0xff;
  memcpy(request.payload.data(), &header, sizeof(header));
  bool hasCommand = true;
  fournines::GenericFamily control("nlctrl");
  const bool isCommandTold = !control.dump(request, &reader, &hasCommand).failed() && !hasCommand;
  if (!isFamilyTold || !isCommandTold) printf("a family or command that is not there: not told\n");
  return isFamilyTold && isCommandTold;
}

}  // namespace

int main() {
  std::mt19937 random(9999);
  const DumpRequest links = fournines::LinkReader::request();
  const DumpRequest qdiscs = fournines::QdiscReader::request();
  const DumpRequest families = fournines::FamilyReader::request();
  DumpRequest queues = fournines::QueueReader::request();
  // Any number that is not netlink's own.
  queues.reply = NLMSG_MIN_TYPE + 5;
  const bool isSound = isAbsenceTold() &&
                       fuzz<fournines::LinkReader>(&random, links, seedOf(NETLINK_ROUTE, links)) > 0 &&
                       fuzz<fournines::QdiscReader>(&random, qdiscs, seedOf(NETLINK_ROUTE, qdiscs)) > 0 &&
                       fuzz<NetdevReader>(&random, families, seedOf(NETLINK_GENERIC, families)) > 0 &&
                       fuzz<fournines::QueueReader>(&random, queues, queueSeed(queues)) > 0;
  return isSound ? 0 : 1;
}
