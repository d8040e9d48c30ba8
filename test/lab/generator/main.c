// fournines-generator EAL-OPTIONS -- --control SOCKET --queues N --sender-base N
// Ends when its standard input is closed, on "quit", SIGTERM or SIGINT.
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>

#include "generator.h"

// Between wake-ups: with traffic a ring of 1024 lasts 1 ms at 1 Mpps; without, the process must cost next to nothing.
#define WAKE_ACTIVE_NS 200000ULL
#define WAKE_IDLE_NS 1000000ULL
#define ACTIVE_FOR_NS 100000000ULL

static volatile sig_atomic_t signalled;

static void on_signal(int number) { signalled = number; }

uint64_t monotonic_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

struct options {
  const char *control;
  unsigned long queues, sender_base;
};

static bool parse_number(const char *text, unsigned long most, unsigned long *into) {
  char *end;
  errno = 0;
  *into = strtoul(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *into <= most;
}

static bool parse_options(int argc, char **argv, struct options *o) {
  static const struct option known[] = {
      {"control", required_argument, NULL, 'c'},
      {"queues", required_argument, NULL, 'q'},
      {"sender-base", required_argument, NULL, 's'},
      {NULL, 0, NULL, 0},
  };
  int option;
  optind = 1;
  while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
    if (option == 'c') o->control = optarg;
    else if (option == 'q' && parse_number(optarg, QUEUES_MAX, &o->queues) && o->queues > 0) continue;
    else if (option == 's' && parse_number(optarg, 65535 - PORTS_MAX * QUEUES_MAX, &o->sender_base)) continue;
    else return false;
  }
  return o->control != NULL;
}

static void run(struct generator *g) {
  uint64_t planned = 0;
  while (!g->quit && signalled == 0) {
    uint64_t now = monotonic_ns();
    g->late_ns = planned != 0 && now > planned ? now - planned : 0;
    uint64_t due = sender_poll(g, now);
    receiver_poll(g, now);
    now = monotonic_ns();
    uint64_t pause = now - g->active_ns < ACTIVE_FOR_NS ? WAKE_ACTIVE_NS : WAKE_IDLE_NS;
    // A burst that is due sooner is waited for, but never shorter than 50 us: it joins the next one instead.
    if (due < now + pause) pause = due > now + 50000 ? due - now : 50000;
    planned = now + pause;
    control_wait(g, pause);
  }
}

int main(int argc, char **argv) {
  static struct generator g;
  struct options options = {.queues = 1};
  char error[256];
  int used = rte_eal_init(argc, argv);
  if (used < 0) {
    fprintf(stderr, "generator: the DPDK environment did not start\n");
    return 3;
  }
  if (!parse_options(argc - used, argv + used, &options)) {
    fprintf(stderr, "usage: fournines-generator EAL-OPTIONS -- --control SOCKET [--queues 1..%d] [--sender-base N]\n",
            QUEUES_MAX);
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  // The kernel may else put a wake-up off by 50 us to join it with others.
  prctl(PR_SET_TIMERSLACK, 1000UL);
  g.incarnation = (uint16_t)((unsigned)getpid() ^ (unsigned)(monotonic_ns() >> 20));
  bool ready = ports_open(&g, (uint16_t)options.queues, (uint16_t)options.sender_base, error, sizeof error) &&
               control_open(options.control, error, sizeof error);
  if (ready) run(&g);
  else fprintf(stderr, "generator: %s\n", error);
  control_close();
  ports_close(&g);
  rte_eal_cleanup();
  return ready ? 0 : 1;
}
