#ifndef FOURNINES_GENERATOR_PACKET_H
#define FOURNINES_GENERATOR_PACKET_H

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "generator.h"

#define STAMP_MAGIC 0xf999
#define STAMP_UDP_PORT 49999

struct packet {
  struct rte_ether_hdr ethernet;
  struct rte_ipv4_hdr ip;
  struct rte_udp_hdr udp;
  struct stamp stamp;
} __attribute__((packed, aligned(2)));

#endif
