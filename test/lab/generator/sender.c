#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "generator.h"
#include "packet.h"

// The share of the schedule that is caught up at once after the process was kept from running: more would be a burst
// that nobody asked for and that overruns the ring.
#define CATCH_UP_NS 2000000ULL

static void build(const struct generator *g, const struct port *p, const struct stream *s, struct rte_mbuf *m,
                  uint64_t sequence, uint64_t now) {
  struct packet *packet = rte_pktmbuf_mtod(m, struct packet *);
  memset(packet, 0, s->size);
  packet->ethernet.dst_addr = s->destination;
  packet->ethernet.src_addr = p->address;
  packet->ethernet.ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
  packet->ip.version_ihl = RTE_IPV4_VHL_DEF;
  packet->ip.total_length = rte_cpu_to_be_16((uint16_t)(s->size - sizeof packet->ethernet));
  packet->ip.time_to_live = 64;
  packet->ip.next_proto_id = 17;
  // 198.18.0.0/15 is set aside for benchmarks (RFC 2544).
  packet->ip.src_addr = rte_cpu_to_be_32(0xc6120000U | s->sender);
  packet->ip.dst_addr = rte_cpu_to_be_32(0xc6130001U);
  packet->ip.hdr_checksum = rte_ipv4_cksum(&packet->ip);
  packet->udp.src_port = rte_cpu_to_be_16((uint16_t)(10000 + sequence % s->flows));
  packet->udp.dst_port = rte_cpu_to_be_16(STAMP_UDP_PORT);
  packet->udp.dgram_len = rte_cpu_to_be_16((uint16_t)(s->size - sizeof packet->ethernet - sizeof packet->ip));
  packet->stamp.magic = rte_cpu_to_be_16(STAMP_MAGIC);
  packet->stamp.incarnation = rte_cpu_to_be_16(g->incarnation);
  packet->stamp.sender = rte_cpu_to_be_16(s->sender);
  packet->stamp.sequence = rte_cpu_to_be_64(sequence);
  packet->stamp.sent_ns = rte_cpu_to_be_64(now);
  m->data_len = s->size;
  m->pkt_len = s->size;
}

// One attempt for each of `wanted` packets; what the ring does not take is refused, never tried again.
static void send_batch(struct generator *g, struct port *p, uint16_t queue, unsigned wanted) {
  struct stream *s = &p->streams[queue];
  struct rte_mbuf *batch[BURST_IO];
  uint64_t now = monotonic_ns();
  uint16_t accepted = 0;
  if (rte_pktmbuf_alloc_bulk(g->pool, batch, wanted) == 0) {
    for (unsigned i = 0; i < wanted; i++) build(g, p, s, batch[i], s->sequence + i, now);
    accepted = rte_eth_tx_burst(p->id, queue, batch, (uint16_t)wanted);
    rte_pktmbuf_free_bulk(batch + accepted, wanted - accepted);
  }
  s->sequence += accepted;
  s->attempted += wanted;
  s->run_attempted += wanted;
  s->due_done += wanted;
  s->sent += accepted;
  s->refused += wanted - accepted;
  struct history_slot *slot = history_at(p, now);
  slot->attempted += wanted;
  slot->sent += accepted;
  slot->refused += wanted - accepted;
  if (g->late_ns > slot->late_ns) slot->late_ns = g->late_ns;
  if (accepted > 0) g->active_ns = now;
}

// When the burst with attempt `index` (of the schedule) is due.
static uint64_t due_ns(const struct stream *s, uint64_t index) {
  uint64_t bursts = index / s->burst * s->burst;
  return s->due_base_ns + (uint64_t)((unsigned __int128)bursts * 1000000000ULL / s->pps);
}

static uint64_t poll_stream(struct generator *g, struct port *p, uint16_t queue, uint64_t now) {
  struct stream *s = &p->streams[queue];
  uint64_t due = due_ns(s, s->due_done);
  if (now > due + CATCH_UP_NS) {
    uint64_t slip = now - due - CATCH_UP_NS;
    s->due_base_ns += slip;
    s->slipped_ns += slip;
    due += slip;
  }
  while (s->running && due <= now) {
    uint64_t left = s->burst - s->due_done % s->burst;
    if (s->count != 0 && left > s->count - s->run_attempted) left = s->count - s->run_attempted;
    while (left > 0) {
      unsigned wanted = left < BURST_IO ? (unsigned)left : BURST_IO;
      send_batch(g, p, queue, wanted);
      left -= wanted;
    }
    if (s->count != 0 && s->run_attempted >= s->count) s->running = false;
    due = due_ns(s, s->due_done);
  }
  if (now >= s->deadline_ns) s->running = false;
  return s->running ? due : UINT64_MAX;
}

uint64_t sender_poll(struct generator *g, uint64_t now) {
  uint64_t next = UINT64_MAX;
  for (unsigned i = 0; i < g->port_count; i++) {
    for (uint16_t q = 0; q < g->queues; q++) {
      if (!g->ports[i].streams[q].running) continue;
      uint64_t due = poll_stream(g, &g->ports[i], q, now);
      if (due < next) next = due;
    }
  }
  return next;
}

uint64_t sender_rate(const struct generator *g) {
  uint64_t rate = 0;
  for (unsigned i = 0; i < g->port_count; i++)
    for (uint16_t q = 0; q < g->queues; q++)
      if (g->ports[i].streams[q].running) rate += g->ports[i].streams[q].pps;
  return rate;
}
