// Feeds damaged netlink datagrams to the parsers under the sanitizers. native/sanitize.mjs compiles and runs it.
// Real dumps of this machine are the seeds; each is cut, flipped and respliced by a fixed generator.
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <memory>
#include <random>
#include <vector>

#include "../../native/src/links.h"
#include "../../native/src/messages.h"
#include "../../native/src/qdiscs.h"

using fournines::DumpRequest;

namespace {

constexpr uint32_t kSequence = 1;
constexpr int kRounds = 200000;

std::vector<uint8_t> seedOf(const DumpRequest& request) {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  alignas(nlmsghdr) uint8_t message[NLMSG_HDRLEN + 64] = {};
  nlmsghdr header = {};
  header.nlmsg_len = static_cast<uint32_t>(NLMSG_LENGTH(request.headerBytes));
  header.nlmsg_type = request.request;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = kSequence;
  memcpy(message, &header, sizeof(header));
  std::vector<uint8_t> seed(65536);
  const bool isSent = send(fd, message, header.nlmsg_len, 0) > 0;
  const ssize_t got = isSent ? recv(fd, seed.data(), seed.size(), 0) : 0;
  seed.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return seed;
}

// Returns how many datagrams still made sense; the point is that none is read out of bounds.
template <typename Reader>
int fuzz(std::mt19937* random) {
  const DumpRequest request = Reader::request();
  const std::vector<uint8_t> seed = seedOf(request);
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

}  // namespace

int main() {
  std::mt19937 random(9999);
  const int links = fuzz<fournines::LinkReader>(&random);
  const int qdiscs = fuzz<fournines::QdiscReader>(&random);
  return links > 0 && qdiscs > 0 ? 0 : 1;
}
