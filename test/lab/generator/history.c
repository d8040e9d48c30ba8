#include <string.h>

#include "generator.h"

// The slot of `now`, emptied when it still holds an older minute.
struct history_slot *history_at(struct port *p, uint64_t now) {
  uint64_t slot = now / HISTORY_SLOT_NS;
  struct history_slot *at = &p->history[slot % HISTORY_SLOTS];
  if (at->slot != slot) {
    memset(at, 0, sizeof *at);
    at->slot = slot;
    at->latency_min_ns = UINT64_MAX;
  }
  return at;
}
