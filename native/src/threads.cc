#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "descriptor.h"
#include "thread-text.h"

namespace fournines {

namespace {

// stat has 52 numbers of at most 20 digits and a name of at most 64 bytes (kernel threads): 1,200 bytes.
constexpr size_t kFileBytesMax = 2048;
// "/proc/4294967295/task/4294967295/schedstat" and its NUL need 43.
constexpr size_t kPathBytesMax = 64;

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

// Reads a whole file of one line. A file that ends without a newline was cut off by the thread's end.
ThreadRead readLine(const char* path, char* buffer, size_t* length) {
  int fd;
  do {
    fd = open(path, O_RDONLY | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return threadReadOf(errno);
  const Descriptor file(fd);
  size_t used = 0;
  // The newline tells the end, which spares the read that would return 0.
  while (used == 0 || buffer[used - 1] != '\n') {
    if (used == kFileBytesMax) return ThreadRead::kFailed;
    const ssize_t got = read(fd, buffer + used, kFileBytesMax - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return threadReadOf(errno);
    if (got == 0) return ThreadRead::kGone;
    used += static_cast<size_t>(got);
  }
  *length = used;
  return ThreadRead::kOk;
}

ThreadRead readThread(char* path, char* name, char* buffer, uint64_t* row) {
  size_t length = 0;
  strcpy(name, "schedstat");
  const ThreadRead schedstat = readLine(path, buffer, &length);
  if (schedstat == ThreadRead::kFailed) return ThreadRead::kFailed;
  if (schedstat == ThreadRead::kOk && !parseSchedstat(buffer, buffer + length, row)) return ThreadRead::kFailed;
  strcpy(name, "stat");
  const ThreadRead stat = readLine(path, buffer, &length);
  if (stat != ThreadRead::kOk) return stat;
  // The thread lives but has no schedstat: a kernel without CONFIG_SCHED_INFO. That is not a thread that ended.
  if (schedstat == ThreadRead::kGone) return ThreadRead::kFailed;
  return parseStat(buffer, length, row) ? ThreadRead::kOk : ThreadRead::kFailed;
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
    const ThreadRead status = readThread(path, at, buffer, row);
    if (status != ThreadRead::kOk) memset(row, 0, sizeof(row));
    row[kFieldStatus] = static_cast<uint64_t>(status);
    memcpy(out + i * kThreadStride, row, sizeof(row));
  }
}

}  // namespace fournines
