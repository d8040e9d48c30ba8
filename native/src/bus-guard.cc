#include "bus-guard.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

namespace fournines {

namespace {

// Samplers of one process, over all its environments.
constexpr size_t kPlacesMax = 64;

struct Place {
  std::atomic<bool> isTaken{false};
  // Compared with gettid(): thread-local storage of a loaded library may be allocated at its first use, which a signal
  // handler must not do.
  std::atomic<pid_t> thread{0};
  std::atomic<sigjmp_buf*> jump{nullptr};
};

Place places[kPlacesMax];
std::mutex handlerMutex;
struct sigaction previous;

void passOn(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  if (previous.sa_handler == SIG_IGN && info->si_code <= 0) return;
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
    return;
  }
  // As without us: the faulting instruction runs again and ends the process; one that was sent is sent again.
  struct sigaction plain;
  memset(&plain, 0, sizeof(plain));
  plain.sa_handler = SIG_DFL;
  sigaction(SIGBUS, &plain, nullptr);
  if (info->si_code <= 0) raise(SIGBUS);
}

void onBusError(int signal, siginfo_t* info, void* context) {
  const int before = errno;
  // One that somebody sent (si_code at most 0) is not ours, whoever it hits.
  if (info->si_code > 0) {
    const pid_t self = static_cast<pid_t>(syscall(SYS_gettid));
    for (Place& place : places) {
      if (place.thread.load(std::memory_order_relaxed) != self) continue;
      sigjmp_buf* const jump = place.jump.load(std::memory_order_relaxed);
      if (jump != nullptr) siglongjmp(*jump, 1);
    }
  }
  passOn(signal, info, context);
  errno = before;
}

Failure installHandler() {
  const std::lock_guard<std::mutex> lock(handlerMutex);
  struct sigaction present;
  if (sigaction(SIGBUS, nullptr, &present) != 0) return {"sigaction", errno};
  if ((present.sa_flags & SA_SIGINFO) != 0 && present.sa_sigaction == onBusError) return success();
  previous = present;
  struct sigaction ours;
  memset(&ours, 0, sizeof(ours));
  ours.sa_sigaction = onBusError;
  // Not blocked while it runs, so that the jump out of it needs no system call to put the mask right.
  ours.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK | SA_RESTART;
  return sigaction(SIGBUS, &ours, nullptr) == 0 ? success() : Failure{"sigaction", errno};
}

}  // namespace

BusGuard::~BusGuard() {
  if (place_ == nullptr) return;
  Place* const place = static_cast<Place*>(place_);
  place->jump.store(nullptr);
  place->thread.store(0);
  place->isTaken.store(false);
}

Failure BusGuard::open() {
  for (Place& place : places) {
    if (place.isTaken.exchange(true)) continue;
    place_ = &place;
    return installHandler();
  }
  return {"bus guard", EAGAIN};
}

void BusGuard::enter() {
  static_cast<Place*>(place_)->thread.store(static_cast<pid_t>(syscall(SYS_gettid)));
  sigset_t bus;
  sigemptyset(&bus);
  sigaddset(&bus, SIGBUS);
  pthread_sigmask(SIG_UNBLOCK, &bus, nullptr);
}

Failure BusGuard::ensure() { return installHandler(); }

bool BusGuard::run(void (*read)(void* context), void* context) {
  Place* const place = static_cast<Place*>(place_);
  sigjmp_buf jump;
  if (sigsetjmp(jump, 0) != 0) {
    place->jump.store(nullptr, std::memory_order_relaxed);
    return false;
  }
  place->jump.store(&jump, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  read(context);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  place->jump.store(nullptr, std::memory_order_relaxed);
  return true;
}

}  // namespace fournines
