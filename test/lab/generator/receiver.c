#include <string.h>

#include "generator.h"
#include "packet.h"

// Upper bound of one visit to a queue, so that a flood does not keep the commands waiting.
#define VISIT_MAX 4096

static struct sender_track *find_sender(struct port *p, uint32_t key) {
  uint32_t hash = key * 2654435761U;
  for (unsigned i = 0; i < SENDERS_MAX; i++) {
    struct sender_track *t = &p->senders[(hash + i) % SENDERS_MAX];
    if (t->used && t->key == key) return t;
    if (!t->used) {
      memset(t, 0, sizeof *t);
      t->used = true;
      t->key = key;
      return t;
    }
  }
  return NULL;
}

static bool window_has(const struct sender_track *t, uint64_t sequence) {
  return (t->window[sequence % WINDOW_BITS / 64] >> (sequence % 64)) & 1;
}

static void window_set(struct sender_track *t, uint64_t sequence, bool value) {
  uint64_t bit = 1ULL << (sequence % 64);
  uint64_t *word = &t->window[sequence % WINDOW_BITS / 64];
  *word = value ? *word | bit : *word & ~bit;
}

// The first packet of a sender may come late in its life (the counts were reset): nothing before it is called lost.
static void follow(struct port *p, struct history_slot *slot, struct sender_track *t, uint64_t sequence) {
  if (t->received == 0) t->next = sequence;
  t->received++;
  if (sequence >= t->next) {
    uint64_t gap = sequence - t->next;
    uint64_t from = gap >= WINDOW_BITS ? sequence - WINDOW_BITS + 1 : t->next;
    for (uint64_t s = from; s < sequence; s++) window_set(t, s, false);
    window_set(t, sequence, true);
    t->next = sequence + 1;
    t->lost += (int64_t)gap;
    p->lost += (int64_t)gap;
    slot->lost += (int64_t)gap;
  } else if (t->next - sequence > WINDOW_BITS || window_has(t, sequence)) {
    t->duplicated++;
    p->duplicated++;
  } else {
    window_set(t, sequence, true);
    t->reordered++;
    p->reordered++;
    slot->reordered++;
    t->lost--;
    p->lost--;
    slot->lost--;
  }
}

static void count_latency(struct port *p, struct history_slot *slot, uint64_t latency) {
  unsigned bits = latency == 0 ? 0 : 64 - (unsigned)__builtin_clzll(latency);
  p->latency[bits < LATENCY_BUCKETS ? bits : LATENCY_BUCKETS - 1]++;
  if (latency < p->latency_min_ns) p->latency_min_ns = latency;
  if (latency > p->latency_max_ns) p->latency_max_ns = latency;
  if (latency < slot->latency_min_ns) slot->latency_min_ns = latency;
  if (latency > slot->latency_max_ns) slot->latency_max_ns = latency;
}

static bool is_ours(const struct rte_mbuf *m, const struct packet *packet) {
  return m->data_len >= sizeof *packet && packet->ethernet.ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) &&
         packet->udp.dst_port == rte_cpu_to_be_16(STAMP_UDP_PORT) &&
         packet->stamp.magic == rte_cpu_to_be_16(STAMP_MAGIC);
}

static void take(struct port *p, struct history_slot *slot, const struct rte_mbuf *m, uint64_t now) {
  const struct packet *packet = rte_pktmbuf_mtod(m, const struct packet *);
  if (!is_ours(m, packet)) {
    p->foreign++;
    return;
  }
  p->received++;
  p->received_bytes += m->pkt_len;
  slot->received++;
  uint64_t sent_ns = rte_be_to_cpu_64(packet->stamp.sent_ns);
  count_latency(p, slot, now > sent_ns ? now - sent_ns : 0);
  uint32_t key =
      (uint32_t)rte_be_to_cpu_16(packet->stamp.incarnation) << 16 | rte_be_to_cpu_16(packet->stamp.sender);
  struct sender_track *t = find_sender(p, key);
  if (t == NULL) p->untracked++;
  else follow(p, slot, t, rte_be_to_cpu_64(packet->stamp.sequence));
}

static unsigned receive_from(struct generator *g, struct port *p, uint16_t queue, unsigned most) {
  unsigned total = 0;
  struct rte_mbuf *batch[BURST_IO];
  while (total < most) {
    uint16_t wanted = (uint16_t)(most - total < BURST_IO ? most - total : BURST_IO);
    uint16_t got = rte_eth_rx_burst(p->id, queue, batch, wanted);
    if (got == 0) break;
    uint64_t now = monotonic_ns();
    struct history_slot *slot = history_at(p, now);
    if (g->late_ns > slot->late_ns) slot->late_ns = g->late_ns;
    for (uint16_t i = 0; i < got; i++) take(p, slot, batch[i], now);
    rte_pktmbuf_free_bulk(batch, got);
    p->received_on[queue] += got;
    total += got;
    g->active_ns = now;
  }
  return total;
}

// What a slow reader may take now. Unused credit lapses after one burst: a slow reader must not catch up.
static unsigned slow_credit(struct port *p, uint64_t now) {
  uint64_t elapsed = now - p->reader_last_ns;
  if (elapsed > 1000000000ULL) elapsed = 1000000000ULL;
  p->reader_last_ns = now;
  p->reader_credit += elapsed * p->reader_pps;
  uint64_t most = (uint64_t)BURST_IO * 1000000000ULL;
  if (p->reader_pps / 500 > BURST_IO) most = p->reader_pps / 500 * 1000000000ULL;
  if (p->reader_credit > most) p->reader_credit = most;
  return (unsigned)(p->reader_credit / 1000000000ULL);
}

void receiver_poll(struct generator *g, uint64_t now) {
  for (unsigned i = 0; i < g->port_count; i++) {
    struct port *p = &g->ports[i];
    if (p->reader == READER_OFF) continue;
    if (p->reader == READER_FAST) {
      for (uint16_t q = 0; q < g->queues; q++) receive_from(g, p, q, VISIT_MAX);
      continue;
    }
    unsigned credit = slow_credit(p, now);
    for (uint16_t q = 0; q < g->queues && credit > 0; q++) {
      unsigned got = receive_from(g, p, q, credit);
      credit -= got;
      p->reader_credit -= got * 1000000000ULL;
    }
  }
}

void receiver_reset(struct port *p) {
  p->received = p->received_bytes = p->foreign = p->untracked = p->reordered = p->duplicated = 0;
  p->lost = 0;
  p->latency_min_ns = UINT64_MAX;
  p->latency_max_ns = 0;
  memset(p->received_on, 0, sizeof p->received_on);
  memset(p->latency, 0, sizeof p->latency);
  memset(p->senders, 0, SENDERS_MAX * sizeof *p->senders);
  memset(p->history, 0, HISTORY_SLOTS * sizeof *p->history);
}
