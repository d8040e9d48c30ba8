#ifndef FOURNINES_SCHEDULING_H_
#define FOURNINES_SCHEDULING_H_

#include <pthread.h>

#include "failure.h"

namespace fournines {

// Asks the scheduler for slices of 0.1 ms for the calling thread, so that kernels from 6.12 on let it run as soon as it
// wakes. Its share of the CPU stays what it was; kernels that do not know the wish refuse it or take no notice.
void askForShortSlices();

// Starts a thread of our own: a small stack, every signal blocked (they are for Node's threads), a name.
Failure startThread(const char* name, void* (*run)(void*), void* context, pthread_t* thread);

}  // namespace fournines

#endif  // FOURNINES_SCHEDULING_H_
