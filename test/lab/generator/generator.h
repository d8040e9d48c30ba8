// Load generator and receiver of the lab: one process, one thread, any number of ethdev ports.
// The thread sends what is due, receives what is there, answers commands, and sleeps; it never spins.
#ifndef FOURNINES_GENERATOR_H
#define FOURNINES_GENERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define PORTS_MAX 8
#define QUEUES_MAX 8
#define BURST_IO 32           // packets a call to the driver
#define RATE_MAX 1000000ULL   // packets a second of all streams of a process: two cores are shared with the datapath
#define RUN_NS_MAX (600ULL * 1000000000ULL)
#define BURST_MAX 4096
#define FLOWS_MAX 4096
#define SIZE_MIN 64           // without the frame check sequence: 42 bytes of headers and the 22 of struct stamp
#define SIZE_MAX_BYTES 1514
#define SENDERS_MAX 256       // streams that one receiving port follows; more are counted as untracked
#define WINDOW_BITS 4096      // how far back a late packet is told from a doubled one
#define LATENCY_BUCKETS 48    // bucket b: latencies of bit length b, so up to 2^47 ns
#define HISTORY_SLOTS 6000    // of 10 ms: one minute
#define HISTORY_SLOT_NS 10000000ULL

// What every packet carries behind its UDP header, in network byte order.
struct stamp {
  uint16_t magic;
  uint16_t incarnation;  // of the sending process, so that a restarted sender is not taken for a late one
  uint16_t sender;
  uint64_t sequence;     // counts accepted packets only: a hole at the receiver was lost between the two rings
  uint64_t sent_ns;      // CLOCK_MONOTONIC, which all processes of a machine share
} __attribute__((packed));

struct history_slot {
  uint64_t slot;  // CLOCK_MONOTONIC / 10 ms; 0: never used
  uint64_t attempted, sent, refused, received, reordered;
  int64_t lost;   // a late arrival takes one back, so a slot may be below zero
  uint64_t latency_min_ns, latency_max_ns;
  uint64_t late_ns;  // worst overdue wake-up: how much the machine disturbed this slot
};

// One transmit queue of a port.
struct stream {
  bool running;
  uint16_t sender;
  uint64_t pps, burst, count, flows;
  uint16_t size;
  struct rte_ether_addr destination;
  uint64_t started_ns, deadline_ns;
  uint64_t due_base_ns;   // the schedule counts from here; moved on when the process was kept from running
  uint64_t due_done;      // attempts since due_base_ns
  uint64_t run_attempted; // attempts since start
  uint64_t sequence;      // of the next packet
  uint64_t attempted, sent, refused, slipped_ns;
};

struct sender_track {
  uint32_t key;  // incarnation and sender
  bool used;
  uint64_t next;  // highest sequence seen, plus 1
  uint64_t received, reordered, duplicated;
  int64_t lost;
  uint64_t window[WINDOW_BITS / 64];
};

enum reader_mode { READER_FAST, READER_SLOW, READER_OFF };

struct port {
  uint16_t id;
  struct rte_ether_addr address;
  char name[RTE_ETH_NAME_MAX_LEN];
  struct stream streams[QUEUES_MAX];
  enum reader_mode reader;
  uint64_t reader_pps, reader_last_ns, reader_credit;  // credit in packets x 1e9
  uint64_t received, received_bytes, foreign, untracked, reordered, duplicated;
  uint64_t received_on[QUEUES_MAX];
  int64_t lost;
  uint64_t latency_min_ns, latency_max_ns;
  uint64_t latency[LATENCY_BUCKETS];
  struct sender_track *senders;  // SENDERS_MAX
  struct history_slot *history;  // HISTORY_SLOTS, at slot modulo HISTORY_SLOTS
};

struct generator {
  struct port ports[PORTS_MAX];
  unsigned port_count;
  uint16_t queues;
  uint16_t incarnation;
  struct rte_mempool *pool;
  bool quit;
  uint64_t active_ns;  // last time that a packet moved
  uint64_t late_ns;    // of this wake-up
};

uint64_t monotonic_ns(void);

// ports.c
bool ports_open(struct generator *g, uint16_t queues, uint16_t sender_base, char *error, size_t error_size);
void ports_close(struct generator *g);

// sender.c: sends what is due on all streams; gives when the next packet is due (UINT64_MAX: none).
uint64_t sender_poll(struct generator *g, uint64_t now);
uint64_t sender_rate(const struct generator *g);

// receiver.c
void receiver_poll(struct generator *g, uint64_t now);
void receiver_reset(struct port *p);

// history.c
struct history_slot *history_at(struct port *p, uint64_t now);

// control.c
bool control_open(const char *path, char *error, size_t error_size);
void control_wait(struct generator *g, uint64_t timeout_ns);
void control_close(void);

// json.c: one flat object of strings, booleans and whole numbers; nothing else is a command.
#define FIELDS_MAX 16
enum field_kind { FIELD_STRING, FIELD_NUMBER, FIELD_BOOLEAN };
struct field {
  char key[24];
  enum field_kind kind;
  char text[64];
  uint64_t number;
};
struct fields {
  struct field items[FIELDS_MAX];
  unsigned count;
};
bool json_parse(const char *line, struct fields *into);
const struct field *json_find(const struct fields *fields, const char *key);

struct text {
  char *bytes;
  size_t length, capacity;
  bool full;  // the bound was reached: what is in it is not a whole answer
};
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

// command.c: one line in, one line out.
void command_run(struct generator *g, const char *line, struct text *reply);

#endif
