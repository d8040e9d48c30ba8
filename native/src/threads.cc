#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <initializer_list>

#include "descriptor.h"

namespace fournines {

namespace {

// Values of threadStatus in facade.ts.
enum Status : uint64_t { kOk = 0, kGone = 1, kFailed = 2 };
enum Field { kStatus, kRunNs, kRunDelayNs, kTimeslices, kStartTicks, kState, kCpu };

// stat has 52 numbers of at most 20 digits and a name of at most 64 bytes (kernel threads): 1,200 bytes.
constexpr size_t kFileBytesMax = 2048;
// "/proc/4294967295/task/4294967295/schedstat" and its NUL need 43.
constexpr size_t kPathBytesMax = 64;
// Fields of /proc/PID/stat as proc(5) numbers them; the first after the name is 3.
constexpr int kStatState = 3;
constexpr int kStatStartTicks = 22;
constexpr int kStatProcessor = 39;

char* append(char* at, const char* text) {
  const size_t bytes = strlen(text);
  memcpy(at, text, bytes);
  return at + bytes;
}

char* append(char* at, uint32_t number) {
  char digits[10];
  size_t count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  while (count > 0) *at++ = digits[--count];
  return at;
}

Status statusOf(int error) { return error == ENOENT || error == ESRCH ? kGone : kFailed; }

// Reads a whole file of one line. A file that ends without a newline was cut off by the thread's end.
Status readLine(const char* path, char* buffer, size_t* length) {
  int fd;
  do {
    fd = open(path, O_RDONLY | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return statusOf(errno);
  const Descriptor file(fd);
  size_t used = 0;
  // The newline tells the end, which spares the read that would return 0.
  while (used == 0 || buffer[used - 1] != '\n') {
    if (used == kFileBytesMax) return kFailed;
    const ssize_t got = read(fd, buffer + used, kFileBytesMax - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return statusOf(errno);
    if (got == 0) return kGone;
    used += static_cast<size_t>(got);
  }
  *length = used;
  return kOk;
}

// Parses digits from `at`; nullptr when there are none, or more than 64 bits hold.
const char* parseNumber(const char* at, const char* end, uint64_t* number) {
  const char* const begin = at;
  uint64_t value = 0;
  for (; at < end && *at >= '0' && *at <= '9'; at++) {
    if (__builtin_mul_overflow(value, uint64_t{10}, &value)) return nullptr;
    if (__builtin_add_overflow(value, static_cast<uint64_t>(*at - '0'), &value)) return nullptr;
  }
  *number = value;
  return at == begin ? nullptr : at;
}

// "81219384 120394 18\n": ns on a CPU, ns waiting for one, number of timeslices.
bool parseSchedstat(const char* at, const char* end, uint64_t* row) {
  for (const Field field : {kRunNs, kRunDelayNs, kTimeslices}) {
    at = parseNumber(at, end, &row[field]);
    if (at == nullptr || at == end) return false;
    at++;
  }
  return true;
}

// "4711 (a) (b) S 1 4711 ...": the name may hold spaces and parentheses, so fields are counted from the last ')'.
bool parseStat(const char* buffer, size_t length, uint64_t* row) {
  const char* const end = buffer + length;
  const char* at = static_cast<const char*>(memrchr(buffer, ')', length));
  if (at == nullptr) return false;
  at++;
  for (int field = kStatState; field <= kStatProcessor; field++) {
    if (at >= end || *at != ' ') return false;
    at++;
    if (at >= end) return false;
    if (field == kStatState) row[kState] = static_cast<unsigned char>(*at);
    if (field == kStatStartTicks && parseNumber(at, end, &row[kStartTicks]) == nullptr) return false;
    if (field == kStatProcessor && parseNumber(at, end, &row[kCpu]) == nullptr) return false;
    while (at < end && *at != ' ' && *at != '\n') at++;
  }
  return true;
}

Status readThread(char* path, char* name, char* buffer, uint64_t* row) {
  size_t length = 0;
  strcpy(name, "schedstat");
  const Status schedstat = readLine(path, buffer, &length);
  if (schedstat == kFailed) return kFailed;
  if (schedstat == kOk && !parseSchedstat(buffer, buffer + length, row)) return kFailed;
  strcpy(name, "stat");
  const Status stat = readLine(path, buffer, &length);
  if (stat != kOk) return stat;
  // The thread lives but has no schedstat: a kernel without CONFIG_SCHED_INFO. That is not a thread that ended.
  if (schedstat == kGone) return kFailed;
  return parseStat(buffer, length, row) ? kOk : kFailed;
}

}  // namespace

void readThreads(const uint32_t* threads, size_t count, uint64_t* out) {
  char path[kPathBytesMax];
  char buffer[kFileBytesMax];
  for (size_t i = 0; i < count; i++) {
    // A row that is not read is all zero beside its status, never half of a thread that ended.
    uint64_t row[kThreadStride] = {};
    char* at = append(append(path, "/proc/"), threads[2 * i]);
    at = append(append(append(at, "/task/"), threads[2 * i + 1]), "/");
    const Status status = readThread(path, at, buffer, row);
    if (status != kOk) memset(row, 0, sizeof(row));
    row[kStatus] = status;
    memcpy(out + i * kThreadStride, row, sizeof(row));
  }
}

}  // namespace fournines
