#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "generator.h"

#define HISTORY_REPLY_MAX 1000

static void refuse(struct text *reply, const char *code, const char *detail) {
  text_add(reply, "{\"ok\":false,\"error\":\"%s\",\"detail\":\"%s\"}", code, detail);
}

// A whole number within bounds, or the default when it is not given. False: given and wrong.
static bool number_of(const struct fields *f, const char *key, uint64_t least, uint64_t most, uint64_t fallback,
                      uint64_t *into) {
  const struct field *field = json_find(f, key);
  *into = fallback;
  if (field == NULL) return true;
  if (field->kind != FIELD_NUMBER || field->number < least || field->number > most) return false;
  *into = field->number;
  return true;
}

static bool port_of(struct generator *g, const struct fields *f, struct port **into) {
  uint64_t index;
  if (!number_of(f, "port", 0, g->port_count - 1, 0, &index)) return false;
  *into = &g->ports[index];
  return true;
}

// NULL when everything fits, else the name of what does not.
static const char *read_stream(struct generator *g, const struct fields *f, struct stream *s) {
  uint64_t size, milliseconds, now = monotonic_ns();
  const struct field *destination = json_find(f, "destination");
  if (!number_of(f, "pps", 1, RATE_MAX, 1000, &s->pps)) return "pps";
  if (s->pps + sender_rate(g) > RATE_MAX) return "pps: the process would exceed its bound";
  if (!number_of(f, "burst", 1, BURST_MAX, BURST_IO, &s->burst)) return "burst";
  if (!number_of(f, "count", 0, UINT64_MAX, 0, &s->count)) return "count";
  if (!number_of(f, "flows", 1, FLOWS_MAX, 1, &s->flows)) return "flows";
  if (!number_of(f, "size", SIZE_MIN, SIZE_MAX_BYTES, SIZE_MIN, &size)) return "size";
  if (!number_of(f, "forMs", 1, RUN_NS_MAX / 1000000, RUN_NS_MAX / 1000000, &milliseconds)) return "forMs";
  if (destination == NULL || destination->kind != FIELD_STRING ||
      rte_ether_unformat_addr(destination->text, &s->destination) != 0)
    return "destination";
  s->size = (uint16_t)size;
  s->started_ns = s->due_base_ns = now;
  s->deadline_ns = now + milliseconds * 1000000;
  s->due_done = s->run_attempted = 0;
  return NULL;
}

static void run_start(struct generator *g, const struct fields *f, struct text *reply) {
  struct port *p;
  uint64_t queue;
  if (!port_of(g, f, &p)) return refuse(reply, "bad-value", "port");
  if (!number_of(f, "queue", 0, g->queues - 1u, 0, &queue)) return refuse(reply, "bad-value", "queue");
  struct stream *s = &p->streams[queue];
  if (s->running) return refuse(reply, "busy", "this queue is sending");
  struct stream next = *s;
  const char *wrong = read_stream(g, f, &next);
  if (wrong != NULL) return refuse(reply, "bad-value", wrong);
  next.running = true;
  *s = next;
  text_add(reply, "{\"ok\":true}");
}

// Without port or queue: all of them.
static void run_stop(struct generator *g, const struct fields *f, struct text *reply) {
  uint64_t port, queue;
  if (!number_of(f, "port", 0, g->port_count - 1, UINT64_MAX, &port)) return refuse(reply, "bad-value", "port");
  if (!number_of(f, "queue", 0, g->queues - 1u, UINT64_MAX, &queue)) return refuse(reply, "bad-value", "queue");
  for (unsigned i = 0; i < g->port_count; i++)
    for (unsigned q = 0; q < g->queues; q++)
      if ((port == UINT64_MAX || port == i) && (queue == UINT64_MAX || queue == q))
        g->ports[i].streams[q].running = false;
  text_add(reply, "{\"ok\":true}");
}

static void run_reader(struct generator *g, const struct fields *f, struct text *reply) {
  struct port *p;
  uint64_t pps;
  const struct field *mode = json_find(f, "mode");
  if (!port_of(g, f, &p)) return refuse(reply, "bad-value", "port");
  if (!number_of(f, "pps", 1, RATE_MAX, 1000, &pps)) return refuse(reply, "bad-value", "pps");
  if (mode == NULL || mode->kind != FIELD_STRING) return refuse(reply, "bad-value", "mode");
  if (strcmp(mode->text, "fast") == 0) p->reader = READER_FAST;
  else if (strcmp(mode->text, "slow") == 0) p->reader = READER_SLOW;
  else if (strcmp(mode->text, "off") == 0) p->reader = READER_OFF;
  else return refuse(reply, "bad-value", "mode");
  p->reader_pps = pps;
  p->reader_last_ns = monotonic_ns();
  p->reader_credit = 0;
  text_add(reply, "{\"ok\":true}");
}

static void tell_streams(const struct generator *g, const struct port *p, struct text *reply) {
  for (unsigned q = 0; q < g->queues; q++) {
    const struct stream *s = &p->streams[q];
    text_add(reply,
             "%s{\"queue\":%u,\"sender\":%u,\"running\":%s,\"attempted\":%" PRIu64 ",\"sent\":%" PRIu64
             ",\"refused\":%" PRIu64 ",\"slippedNs\":%" PRIu64 ",\"received\":%" PRIu64 "}",
             q == 0 ? "" : ",", q, s->sender, s->running ? "true" : "false", s->attempted, s->sent, s->refused,
             s->slipped_ns, p->received_on[q]);
  }
}

static void tell_senders(const struct port *p, struct text *reply) {
  bool first = true;
  for (unsigned i = 0; i < SENDERS_MAX; i++) {
    const struct sender_track *t = &p->senders[i];
    if (!t->used) continue;
    text_add(reply,
             "%s{\"sender\":%u,\"incarnation\":%u,\"received\":%" PRIu64 ",\"lost\":%" PRId64 ",\"reordered\":%" PRIu64
             ",\"duplicated\":%" PRIu64 "}",
             first ? "" : ",", t->key & 0xffff, t->key >> 16, t->received, t->lost, t->reordered, t->duplicated);
    first = false;
  }
}

static void tell_port(const struct generator *g, const struct port *p, struct text *reply) {
  static const char *const modes[] = {"fast", "slow", "off"};
  struct rte_eth_link link;
  memset(&link, 0, sizeof link);
  rte_eth_link_get_nowait(p->id, &link);
  text_add(reply, "{\"name\":\"%s\",\"link\":%s,\"reader\":\"%s\",\"queues\":[", p->name,
           link.link_status ? "true" : "false", modes[p->reader]);
  tell_streams(g, p, reply);
  text_add(reply,
           "],\"received\":%" PRIu64 ",\"receivedBytes\":%" PRIu64 ",\"foreign\":%" PRIu64 ",\"untracked\":%" PRIu64
           ",\"lost\":%" PRId64 ",\"reordered\":%" PRIu64 ",\"duplicated\":%" PRIu64,
           p->received, p->received_bytes, p->foreign, p->untracked, p->lost, p->reordered, p->duplicated);
  if (p->received > 0)
    text_add(reply, ",\"latencyMinNs\":%" PRIu64 ",\"latencyMaxNs\":%" PRIu64, p->latency_min_ns, p->latency_max_ns);
  text_add(reply, ",\"latencyLog2\":[");
  for (unsigned b = 0; b < LATENCY_BUCKETS; b++) text_add(reply, "%s%" PRIu64, b == 0 ? "" : ",", p->latency[b]);
  text_add(reply, "],\"senders\":[");
  tell_senders(p, reply);
  text_add(reply, "]}");
}

static void run_status(struct generator *g, struct text *reply) {
  text_add(reply, "{\"ok\":true,\"pid\":%d,\"nowNs\":%" PRIu64 ",\"ports\":[", getpid(), monotonic_ns());
  for (unsigned i = 0; i < g->port_count; i++) {
    if (i > 0) text_add(reply, ",");
    tell_port(g, &g->ports[i], reply);
  }
  text_add(reply, "]}");
}

// Slots from `since` on, oldest first, without those in which nothing happened; `next` is where to go on.
static void run_history(struct generator *g, const struct fields *f, struct text *reply) {
  struct port *p;
  uint64_t since, now = monotonic_ns() / HISTORY_SLOT_NS;
  if (!port_of(g, f, &p)) return refuse(reply, "bad-value", "port");
  if (!number_of(f, "since", 0, UINT64_MAX, 0, &since)) return refuse(reply, "bad-value", "since");
  if (now >= HISTORY_SLOTS && since < now - HISTORY_SLOTS + 1) since = now - HISTORY_SLOTS + 1;
  unsigned told = 0;
  uint64_t slot = since;
  text_add(reply, "{\"ok\":true,\"slotNs\":%llu,\"slots\":[", HISTORY_SLOT_NS);
  // The running slot is not told: it would be told again with other numbers.
  for (; slot < now && told < HISTORY_REPLY_MAX; slot++) {
    const struct history_slot *s = &p->history[slot % HISTORY_SLOTS];
    if (s->slot != slot) continue;
    bool arrived = s->latency_min_ns != UINT64_MAX;
    text_add(reply,
             "%s[%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRId64 ",%" PRIu64 ",%" PRIu64
             ",%" PRIu64 ",%" PRIu64 "]",
             told == 0 ? "" : ",", slot, s->attempted, s->sent, s->refused, s->received, s->lost, s->reordered,
             arrived ? s->latency_min_ns : 0, s->latency_max_ns, s->late_ns);
    told++;
  }
  text_add(reply, "],\"next\":%" PRIu64 "}", slot);
}

// Counts start at 0 again; sequences and running streams go on.
static void run_reset(struct generator *g, struct text *reply) {
  for (unsigned i = 0; i < g->port_count; i++) {
    receiver_reset(&g->ports[i]);
    for (unsigned q = 0; q < g->queues; q++) {
      struct stream *s = &g->ports[i].streams[q];
      s->attempted = s->sent = s->refused = s->slipped_ns = 0;
    }
  }
  text_add(reply, "{\"ok\":true}");
}

static bool knows_all(const struct fields *f) {
  static const char *const known[] = {"cmd",  "port",  "queue", "pps",  "burst", "count",
                                      "flows", "size", "forMs", "mode", "since", "destination"};
  for (unsigned i = 0; i < f->count; i++) {
    bool found = false;
    for (unsigned k = 0; k < sizeof known / sizeof known[0]; k++)
      if (strcmp(f->items[i].key, known[k]) == 0) found = true;
    if (!found) return false;
  }
  return true;
}

void command_run(struct generator *g, const char *line, struct text *reply) {
  struct fields f;
  if (!json_parse(line, &f)) return refuse(reply, "bad-json", "one flat object of strings and whole numbers");
  const struct field *command = json_find(&f, "cmd");
  if (command == NULL || command->kind != FIELD_STRING) return refuse(reply, "bad-value", "cmd");
  if (!knows_all(&f)) return refuse(reply, "bad-value", "an unknown key");
  if (strcmp(command->text, "start") == 0) return run_start(g, &f, reply);
  if (strcmp(command->text, "stop") == 0) return run_stop(g, &f, reply);
  if (strcmp(command->text, "reader") == 0) return run_reader(g, &f, reply);
  if (strcmp(command->text, "status") == 0) return run_status(g, reply);
  if (strcmp(command->text, "history") == 0) return run_history(g, &f, reply);
  if (strcmp(command->text, "reset") == 0) return run_reset(g, reply);
  if (strcmp(command->text, "quit") == 0) {
    g->quit = true;
    text_add(reply, "{\"ok\":true}");
    return;
  }
  refuse(reply, "unknown-command", "start, stop, reader, status, history, reset, quit");
}
