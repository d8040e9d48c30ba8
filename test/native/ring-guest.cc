// A process with guest memory, for tests of the ring sampler: a memfd of two pages, mapped and shared. Says
// "ready PID ADDRESS FD" and waits until its input ends.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

int main() {
  constexpr size_t kBytes = 8192;
  const int fd = memfd_create("ring-guest", 0);
  if (fd < 0 || ftruncate(fd, kBytes) != 0) return 1;
  void* const at = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) return 1;
  printf("ready %d %llu %d\n", getpid(), static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(at)), fd);
  fflush(stdout);
  char byte;
  while (read(0, &byte, 1) == 1) {
  }
  return 0;
}
