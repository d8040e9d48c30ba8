// A process with guest memory, for tests and benches of the ring sampler: a memfd with a ring of two pages each, used.idx at
// the start of the first and avail.idx of the second, mapped and shared. Says "ready PID ADDRESS FD" and runs until its input
// ends. With a second argument all indices go on by 3 each so many us, 100 apart, as under load. With a third the memory is
// of huge pages.
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>

int main(int count, char** arguments) {
  constexpr size_t kPage = 4096;
  constexpr size_t kHugePage = 2097152;
  const size_t rings = count > 1 ? strtoul(arguments[1], nullptr, 10) : 1;
  const long periodUs = count > 2 ? strtol(arguments[2], nullptr, 10) : 0;
  const bool isHuge = count > 3;
  const size_t bytes = isHuge ? kHugePage : rings * 2 * kPage;
  const int fd = memfd_create("ring-guest", isHuge ? MFD_HUGETLB : 0);
  if (rings == 0 || fd < 0 || ftruncate(fd, static_cast<off_t>(bytes)) != 0) return 1;
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return 1;
  printf("ready %d %llu %d\n", getpid(), static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(at)), fd);
  fflush(stdout);
  pollfd input = {0, POLLIN, 0};
  for (uint16_t index = 0; poll(&input, 1, periodUs > 0 ? 0 : -1) == 0 || (input.revents & POLLHUP) == 0; index += 3) {
    char byte;
    if ((input.revents & POLLIN) != 0 && read(0, &byte, 1) == 0) break;
    if (periodUs == 0) continue;
    for (size_t ring = 0; ring < rings; ring++) {
      uint8_t* const page = static_cast<uint8_t*>(at) + ring * 2 * kPage;
      __atomic_store_n(reinterpret_cast<uint16_t*>(page + kPage), static_cast<uint16_t>(index + 100), __ATOMIC_RELEASE);
      __atomic_store_n(reinterpret_cast<uint16_t*>(page), index, __ATOMIC_RELEASE);
    }
    const timespec pause = {0, periodUs * 1000};
    nanosleep(&pause, nullptr);
  }
  return 0;
}
