#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_errno.h>

#include "generator.h"

#define RING 1024

static bool fail(char *error, size_t size, uint16_t id, const char *step, int code) {
  snprintf(error, size, "port %u: %s: %s", id, step, rte_strerror(code < 0 ? -code : code));
  return false;
}

static bool start_port(const struct generator *g, uint16_t id, char *error, size_t size) {
  struct rte_eth_conf configuration;
  memset(&configuration, 0, sizeof configuration);
  int code = rte_eth_dev_configure(id, g->queues, g->queues, &configuration);
  if (code != 0) return fail(error, size, id, "configure", code);
  // A guest may have smaller rings.
  uint16_t received = RING, sent = RING;
  if ((code = rte_eth_dev_adjust_nb_rx_tx_desc(id, &received, &sent)) != 0)
    return fail(error, size, id, "rings", code);
  for (uint16_t q = 0; q < g->queues; q++) {
    if ((code = rte_eth_rx_queue_setup(id, q, received, SOCKET_ID_ANY, NULL, g->pool)) != 0)
      return fail(error, size, id, "receive queue", code);
    if ((code = rte_eth_tx_queue_setup(id, q, sent, SOCKET_ID_ANY, NULL)) != 0)
      return fail(error, size, id, "transmit queue", code);
  }
  if ((code = rte_eth_dev_start(id)) != 0) return fail(error, size, id, "start", code);
  return true;
}

bool ports_open(struct generator *g, uint16_t queues, uint16_t sender_base, char *error, size_t size) {
  g->queues = queues;
  // Both rings of every queue can be full at once, and a burst is being built.
  unsigned rings = (unsigned)rte_eth_dev_count_avail() * queues * 2 * RING;
  g->pool = rte_pktmbuf_pool_create("packets", rings + 2048, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  if (g->pool == NULL) {
    snprintf(error, size, "no memory for %u packets: %s", rings + 2048, rte_strerror(rte_errno));
    return false;
  }
  uint16_t id;
  RTE_ETH_FOREACH_DEV(id) {
    if (g->port_count == PORTS_MAX) {
      snprintf(error, size, "more than %d ports", PORTS_MAX);
      return false;
    }
    struct port *p = &g->ports[g->port_count];
    p->id = id;
    p->senders = calloc(SENDERS_MAX, sizeof *p->senders);
    p->history = calloc(HISTORY_SLOTS, sizeof *p->history);
    if (p->senders == NULL || p->history == NULL) return fail(error, size, id, "memory", 12);
    for (uint16_t q = 0; q < queues; q++)
      p->streams[q].sender = (uint16_t)(sender_base + g->port_count * QUEUES_MAX + q);
    receiver_reset(p);
    if (!start_port(g, id, error, size)) return false;
    rte_eth_dev_get_name_by_port(id, p->name);
    rte_eth_macaddr_get(id, &p->address);
    g->port_count++;
  }
  if (g->port_count > 0) return true;
  snprintf(error, size, "no port: give at least one --vdev");
  return false;
}

void ports_close(struct generator *g) {
  for (unsigned i = 0; i < g->port_count; i++) {
    rte_eth_dev_stop(g->ports[i].id);
    rte_eth_dev_close(g->ports[i].id);
  }
}
