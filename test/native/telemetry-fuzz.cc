// Feeds damaged telemetry replies and handshakes to the reader under the sanitizers. native/sanitize.mjs compiles and
// runs it. Every reply is read from memory that ends with it: one byte too far is an error of the sanitizer.
#include <stdio.h>
#include <string.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "../../native/src/telemetry-reply.h"

namespace {

constexpr int kRounds = 300000;

std::vector<std::string> replySeeds() {
  std::string large = "{\"/ethdev/xstats\":{";
  for (int i = 0; i < 200; i++) large += "\"rx_q" + std::to_string(i) + "_packets\":" + std::to_string(i * 977) + ",";
  return {
      "{\"/ethdev/xstats\":{\"rx_good_packets\":18446744073709551615,\"tx_good_packets\":0,\"rx_missed_errors\":12}}",
      "{\"/ethdev/xstats\":{\"q_ipackets\":[0,1,2,3],\"name\":\"net_null0\",\"on\":true,\"x\":-1.5e+3,\"y\":null}}",
      "{\"/ethdev/xstats\":{\"\\u00e9\\ud83d\\ude00\\\"\\\\\\/\\b\\f\\n\\r\\t\":1,\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac\":2}}",
      "{\"/ethdev/xstats\":null}",
      "{\"/other\":{\"a\":{\"b\":[[[[]]]]}}}",
      large + "\"end\":1}}",
  };
}

struct Damage {
  explicit Damage(uint32_t seed) : random(seed) {}

  size_t below(size_t bound) { return static_cast<size_t>(random()) % bound; }

  std::string of(const std::string& seed) {
    static constexpr char kEdges[] = "\"\\{}[],:0-e.un\x1f\x7f\xc3\xed\xf4\xff";
    std::string bytes = seed;
    if (below(4) == 0) bytes.resize(below(bytes.size() + 1));
    const size_t changes = below(6);
    for (size_t i = 0; i < changes && !bytes.empty(); i++) {
      const size_t at = below(bytes.size());
      if (below(3) == 0) {
        bytes.erase(at, below(8));
      } else if (below(3) == 0) {
        bytes.insert(at, bytes, below(bytes.size()), below(40));
      } else {
        bytes[at] = below(2) == 0 ? kEdges[below(sizeof(kEdges))] : static_cast<char>(below(256));
      }
    }
    return bytes;
  }

  std::mt19937 random;
};

std::unique_ptr<char[]> exactly(const std::string& bytes) {
  std::unique_ptr<char[]> copy(new char[bytes.size()]);
  if (!bytes.empty()) memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}

// What the reader hands out must fit together, whatever it was given.
bool isWhole(const fournines::ReplyReader& reader, fournines::ReplyKind kind, const char* bytes, size_t count) {
  if (kind == fournines::ReplyKind::kFlat) {
    size_t ends = 0;
    for (const char sign : reader.names()) ends += sign == '\0' ? 1 : 0;
    return ends == reader.values().size();
  }
  if (kind != fournines::ReplyKind::kText) return true;
  return reader.textBytes() > 0 && reader.text() >= bytes && reader.text() + reader.textBytes() <= bytes + count;
}

bool fuzzReplies(Damage* damage) {
  static constexpr char kKey[] = "/ethdev/xstats";
  const std::vector<std::string> seeds = replySeeds();
  fournines::ReplyReader reader;
  int kinds[5] = {};
  for (int round = 0; round < kRounds; round++) {
    const std::string bytes = damage->of(seeds[damage->below(seeds.size())]);
    const std::unique_ptr<char[]> copy = exactly(bytes);
    const fournines::ReplyKind kind = reader.read(copy.get(), bytes.size(), kKey, sizeof(kKey) - 1);
    kinds[static_cast<int>(kind)]++;
    if (isWhole(reader, kind, copy.get(), bytes.size())) continue;
    printf("contradiction in: %s\n", bytes.c_str());
    return false;
  }
  printf("%d damaged replies: %d flat, %d other values, %d null, %d under another key, %d damaged\n", kRounds, kinds[0],
         kinds[1], kinds[2], kinds[3], kinds[4]);
  for (const int kind : kinds) {
    if (kind == 0) return false;
  }
  return true;
}

bool fuzzHandshakes(Damage* damage) {
  const std::string seed = "{\"version\":\"DPDK 22.11.11\",\"pid\":4711,\"max_output_len\":16384,\"more\":[1,{}]}";
  int sound = 0;
  for (int round = 0; round < kRounds; round++) {
    const std::string bytes = damage->of(seed);
    const std::unique_ptr<char[]> copy = exactly(bytes);
    fournines::Handshake handshake;
    if (!fournines::readHandshake(copy.get(), bytes.size(), &handshake)) continue;
    sound++;
    if (handshake.pid == 0 || handshake.outputBytesMax > 1048576) return false;
  }
  printf("%d damaged handshakes, %d still made sense\n", kRounds, sound);
  return sound > 0 && sound < kRounds;
}

}  // namespace

int main() {
  Damage damage(9999);
  return fuzzReplies(&damage) && fuzzHandshakes(&damage) ? 0 : 1;
}
