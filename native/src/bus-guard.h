#ifndef FOURNINES_BUS_GUARD_H_
#define FOURNINES_BUS_GUARD_H_

#include <cstddef>

#include "failure.h"

namespace fournines {

// Reads of memory that may vanish: a page of a mapped file whose file was cut off, or whose hardware failed, gives
// SIGBUS. The guard turns that into an answer, for the calling thread and the calls made through `run` alone; anybody
// else's SIGBUS goes to the handler that was there before, or ends the process as it always did.
//
// The handler is of the whole process, the only thing of the addon that is. It stays for good (the library is linked
// with -z nodelete), since whoever came after it may call it.
class BusGuard {
 public:
  BusGuard() = default;
  ~BusGuard();
  BusGuard(const BusGuard&) = delete;
  BusGuard& operator=(const BusGuard&) = delete;

  // Reserves a place. EAGAIN: as many guards as there may be in one process.
  Failure open();
  // Makes the calling thread the guarded one, and lets SIGBUS through to it: blocked, the kernel would end the process.
  void enter();
  // Puts our handler back in front when somebody has put another in its place meanwhile (process.on('SIGBUS') does).
  Failure ensure();
  // Runs `read`; false: it was broken off by SIGBUS. Whatever it had in registers is lost then: what must outlive it is
  // volatile. It must own nothing that a destructor releases.
  bool run(void (*read)(void* context), void* context);

 private:
  void* place_ = nullptr;
};

}  // namespace fournines

#endif  // FOURNINES_BUS_GUARD_H_
