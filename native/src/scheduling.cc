#include "scheduling.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace fournines {

namespace {

// No deep recursion, no large locals in any of our threads.
constexpr size_t kStackBytes = 262144;
constexpr uint64_t kSliceNs = 100000;

// struct sched_attr of the kernel, first version; not every C library has it.
struct SchedulingAttributes {
  uint32_t size = 48;
  uint32_t policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = kSliceNs;
  uint64_t deadline = 0;
  uint64_t period = 0;
};

}  // namespace

void askForShortSlices() {
  SchedulingAttributes attributes;
  // Niceness would be set too: as it is. (getpriority of a thread cannot fail, and -1 is a value.)
  attributes.nice = getpriority(PRIO_PROCESS, 0);
  static_cast<void>(syscall(SYS_sched_setattr, 0, &attributes, 0));
}

Failure startThread(const char* name, void* (*run)(void*), void* context, pthread_t* thread) {
  pthread_attr_t attributes;
  int error = pthread_attr_init(&attributes);
  if (error != 0) return {"pthread_attr_init", error};
  // A refusal leaves the usual size.
  pthread_attr_setstacksize(&attributes, kStackBytes);
  // A handler of somebody else would run on the small stack and break off waits.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  error = pthread_create(thread, &attributes, run, context);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_attr_destroy(&attributes);
  if (error != 0) return {"pthread_create", error};
  pthread_setname_np(*thread, name);
  return success();
}

}  // namespace fournines
