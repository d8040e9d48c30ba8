#include "ethtool.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace fournines {

namespace {

// Real drivers have up to some ten thousand (every queue of a large NIC); more is nonsense from the driver.
constexpr uint32_t kCountMax = 1 << 20;

// A driver may grow between asking for the number and the read (channels reconfigured): room for twice as many.
size_t roomFor(uint32_t count) { return 2 * static_cast<size_t>(count) + 64; }

}  // namespace

Failure Ethtool::open() {
  if (socket_.isOpen()) return success();
  // Any socket takes SIOCETHTOOL; netlink serves where IPv4 is switched off.
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
  if (fd < 0) return {"socket", errno};
  socket_.reset(fd);
  return success();
}

void Ethtool::close() {
  socket_.reset();
  buffer_.release();
}

// 0, or errno.
int Ethtool::request(const char* nic, void* request) {
  ifreq ifr;
  memset(&ifr, 0, sizeof(ifr));
  // A longer name must not be cut: its first 15 bytes may be another NIC.
  if (strlen(nic) >= sizeof(ifr.ifr_name)) return ENODEV;
  memcpy(ifr.ifr_name, nic, strlen(nic));
  ifr.ifr_data = static_cast<char*>(request);
  for (;;) {
    if (ioctl(socket_.get(), SIOCETHTOOL, &ifr) == 0) return 0;
    if (errno != EINTR) return errno;
  }
}

int Ethtool::countOf(const char* nic, uint32_t* count) {
  *count = 0;
  // ethtool_sset_info ends in a flexible array; the kernel writes one number for the one bit set.
  alignas(ethtool_sset_info) uint8_t space[sizeof(ethtool_sset_info) + sizeof(uint32_t)] = {};
  ethtool_sset_info info = {};
  info.cmd = ETHTOOL_GSSET_INFO;
  info.sset_mask = uint64_t{1} << ETH_SS_STATS;
  memcpy(space, &info, sizeof(info));
  const int error = request(nic, space);
  if (error == EOPNOTSUPP) return 0;
  if (error != 0) return error;
  memcpy(&info, space, sizeof(info));
  // The bit is cleared when the driver has no such set; then no number was written.
  if ((info.sset_mask & (uint64_t{1} << ETH_SS_STATS)) == 0) return 0;
  memcpy(count, space + sizeof(info), sizeof(*count));
  return *count > kCountMax ? EOVERFLOW : 0;
}

Failure Ethtool::names(const char* nic, std::string* text) {
  text->clear();
  const Failure opened = open();
  if (opened.failed()) return opened;
  uint32_t count = 0;
  const int countError = countOf(nic, &count);
  if (countError != 0) return {"ETHTOOL_GSSET_INFO", countError};
  if (count == 0) return success();
  if (!buffer_.reserve(sizeof(ethtool_gstrings) + roomFor(count) * ETH_GSTRING_LEN)) return {"mmap", ENOMEM};
  ethtool_gstrings header = {};
  header.cmd = ETHTOOL_GSTRINGS;
  header.string_set = ETH_SS_STATS;
  header.len = count;
  memcpy(buffer_.bytes(), &header, sizeof(header));
  const int error = request(nic, buffer_.bytes());
  if (error != 0) return {"ETHTOOL_GSTRINGS", error};
  memcpy(&header, buffer_.bytes(), sizeof(header));
  // What counts is how many were written, not how many were announced before.
  if (header.len > (buffer_.capacity() - sizeof(header)) / ETH_GSTRING_LEN) return {"ETHTOOL_GSTRINGS", EOVERFLOW};
  for (uint32_t i = 0; i < header.len; i++) {
    const char* const name = reinterpret_cast<const char*>(buffer_.bytes()) + sizeof(header) + i * ETH_GSTRING_LEN;
    // A name of 32 bytes has no NUL.
    text->append(name, strnlen(name, ETH_GSTRING_LEN)).push_back('\0');
  }
  return success();
}

Failure Ethtool::driver(const char* nic, std::string* driver) {
  driver->clear();
  const Failure opened = open();
  if (opened.failed()) return opened;
  ethtool_drvinfo info = {};
  info.cmd = ETHTOOL_GDRVINFO;
  const int error = request(nic, &info);
  if (error == EOPNOTSUPP) return success();
  if (error != 0) return {"ETHTOOL_GDRVINFO", error};
  driver->assign(info.driver, strnlen(info.driver, sizeof(info.driver)));
  return success();
}

bool Ethtool::counters(const char* nic, uint32_t wanted, uint32_t* actual, uint64_t* out) {
  // Asked right before each read: after a reconfiguration the old names no longer fit the values.
  if (countOf(nic, actual) != 0) {
    *actual = 0;
    return false;
  }
  if (*actual != wanted) return false;
  if (wanted == 0) return true;
  if (!buffer_.reserve(sizeof(ethtool_stats) + roomFor(wanted) * sizeof(uint64_t))) return false;
  ethtool_stats header = {};
  header.cmd = ETHTOOL_GSTATS;
  // Older kernels ignore n_stats and write what the driver has; newer ones write nothing when it does not match.
  header.n_stats = wanted;
  memcpy(buffer_.bytes(), &header, sizeof(header));
  if (request(nic, buffer_.bytes()) != 0) return false;
  memcpy(&header, buffer_.bytes(), sizeof(header));
  if (header.n_stats != wanted) return false;
  memcpy(out, buffer_.bytes() + sizeof(header), wanted * sizeof(uint64_t));
  return true;
}

}  // namespace fournines
