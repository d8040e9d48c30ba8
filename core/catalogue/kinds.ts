import type { Kind } from './columns.ts';
import { datapathSlot, mempoolSlot, pmdSlot, replicaSlot, rxqSlot } from './datapath-kinds.ts';
import { counter, direction, host, kind, optionalCounter, port, quality } from './kind-parts.ts';
import { vringRun, vringSlot } from './ring-kinds.ts';
import { cpuSlot, threadSlot, threadStall } from './thread-kinds.ts';

/**
 * The kinds of rows a host sends: one table each. Grow by adding columns, with the form in which they came (forms.ts), or
 * kinds: older collectors stay understood, and what an older server refuses it keeps until it is upgraded. A renamed or
 * removed column would be neither.
 */

/** Where a drop stands towards its port's totals; see `drop_slot.place`. */
export const dropPlaces = ['inside', 'outside', 'beside', 'filtered'] as const;
export type DropPlace = (typeof dropPlaces)[number];

export const pressureResources = ['cpu', 'memory', 'io', 'irq'] as const;
export const pressureShares = ['some', 'full'] as const;
export const sourceStates = ['ok', 'failed', 'timeout', 'disabled', 'absent'] as const;

export const tick = kind(
  'tick',
  'One row per message: the beat of a collector.',
  [],
  [
    host,
    { name: 'slot', type: "DateTime('UTC')", doc: 'The boundary this tick closes, minus one second.' },
    { name: 'bootId', type: 'String', doc: 'Kernel boot id.' },
    { name: 'stream', type: 'String', doc: 'Random id of this run of the collector.' },
    { name: 'seq', type: 'UInt64', doc: 'Tick number in the stream, from 0.' },
    { name: 'wallNs', type: 'UInt64', doc: 'Wall clock when the gather began, ns since 1970.' },
    { name: 'monoNs', type: 'UInt64', doc: 'Boot clock at the same instant, ns.' },
    { name: 'gatherNs', type: 'UInt64', doc: 'How long gathering took, ns.' },
    {
      name: 'skipped',
      type: 'UInt32',
      doc: 'Ticks not taken since the last one: overrun, late wake-up, refused append.',
    },
    { name: 'cpuNs', type: 'UInt64', doc: 'CPU time this process used since the last tick, ns.' },
    { name: 'rssBytes', type: 'UInt64', doc: 'Resident memory of this process, bytes.' },
  ],
);

export const portSlot = kind(
  'port_slot',
  'A port and direction.',
  ['port', 'direction'],
  [
    host,
    port,
    direction,
    ...quality,
    {
      name: 'countedIn',
      type: 'String',
      doc: 'Port whose numbers already hold these (bond of a member, lower port of a VLAN); empty: counts by itself.',
    },
    ...counter('packets', 'Packets the port counts as passed.'),
    ...counter('bytes', 'Bytes of those packets.'),
    ...counter('dropsOutside', 'Packets lost that `packets` does not contain.'),
    ...counter('dropsInside', 'Packets lost although `packets` contains them.'),
  ],
);

export const dropSlot = kind(
  'drop_slot',
  'Drops of a port and direction by cause; written when the counter moved, when it is not observed, and once a minute.',
  ['port', 'direction', 'cause'],
  [
    host,
    port,
    direction,
    { name: 'cause', type: 'String', doc: 'Normalised cause; see causes.ts.' },
    {
      name: 'place',
      type: 'Enum8',
      labels: dropPlaces,
      doc: 'inside / outside: part of the port total of that name; beside: lost at another place (a qdisc), in neither; filtered: no loss.',
    },
    ...quality,
    ...counter('packets', 'Packets dropped for this cause.'),
  ],
);

export const queueSlot = kind(
  'queue_slot',
  'A receive or transmit queue.',
  ['port', 'direction', 'queue'],
  [
    host,
    port,
    direction,
    { name: 'queue', type: 'UInt16', doc: 'Queue number.' },
    ...quality,
    ...counter('packets', 'Packets of the queue.'),
    ...optionalCounter('bytes', 'Bytes of the queue.'),
    ...optionalCounter('drops', 'Packets the queue lost.'),
  ],
);

export const softnetSlot = kind(
  'softnet_slot',
  'Receive backlog of a CPU.',
  ['cpu'],
  [
    host,
    { name: 'cpu', type: 'UInt16', doc: 'CPU number.' },
    ...quality,
    ...counter('processed', 'Packets taken from the backlog or NAPI.'),
    ...counter('dropped', 'Packets dropped because the backlog was full.'),
    ...counter('timeSqueeze', 'Times net_rx_action stopped with work left.'),
  ],
);

export const pressureSlot = kind(
  'pressure_slot',
  'Pressure stall time of the host.',
  ['resource', 'share'],
  [
    host,
    { name: 'resource', type: 'Enum8', labels: pressureResources, doc: 'What tasks waited for.' },
    { name: 'share', type: 'Enum8', labels: pressureShares, doc: 'some: at least one task waited; full: all did.' },
    ...quality,
    ...counter('totalUs', 'Stalled time, microseconds.'),
  ],
);

export const xstatSlot = kind(
  'xstat_slot',
  'An extended counter, verbatim; written when it moved, and once a minute.',
  ['port', 'name'],
  [
    host,
    port,
    { name: 'name', type: 'String', doc: "The driver's own name, never changed." },
    ...quality,
    ...counter('value', 'The number as read; some drivers put gauges here.'),
  ],
);

export const sourceSlot = kind(
  'source_slot',
  'What a source did in a tick.',
  ['source'],
  [
    host,
    { name: 'source', type: 'String', doc: 'Name of the source.' },
    { name: 'slot', type: "DateTime('UTC')", doc: 'Slot the tick closed.' },
    { name: 'state', type: 'Enum8', labels: sourceStates, doc: 'How the gather ended.' },
    { name: 'durationNs', type: 'UInt64', doc: 'How long the gather took, ns.' },
    { name: 'rows', type: 'UInt32', doc: 'Rows it gave.' },
    { name: 'errors', type: 'UInt64', doc: 'Failed gathers since the collector started.' },
    { name: 'code', type: 'String', doc: 'Error code of this tick, or empty.' },
  ],
);

export const hostFact = kind(
  'host_fact',
  'A fact about a host, written when it changes and on start.',
  ['name'],
  [
    host,
    { name: 'at', type: "DateTime64(3, 'UTC')", doc: 'When it was seen.' },
    { name: 'name', type: 'String', doc: 'Name of the fact, dotted: kernel.release, port.eth0.driver.' },
    { name: 'value', type: 'String', doc: 'Its value; empty: no longer there.' },
    { name: 'witness', type: 'String', doc: 'Where it was read.' },
  ],
);

export const event = kind(
  'event',
  'Something that happened.',
  [],
  [
    host,
    { name: 'at', type: "DateTime64(3, 'UTC')", doc: 'When it was noticed.' },
    { name: 'event', type: 'String', doc: 'What: counter_reset, clock_step, port_gone ...' },
    { name: 'object', type: 'String', doc: 'On what.' },
    { name: 'detail', type: 'String', doc: 'The rest, as JSON.' },
  ],
);

/**
 * All kinds, in the order in which they are stored. `tick` is last: once its row can be read, so can all others of its
 * message, and that makes it the watermark.
 */
export const kinds: readonly Kind[] = [
  portSlot,
  dropSlot,
  queueSlot,
  threadSlot,
  threadStall,
  cpuSlot,
  softnetSlot,
  pressureSlot,
  xstatSlot,
  pmdSlot,
  rxqSlot,
  mempoolSlot,
  datapathSlot,
  replicaSlot,
  vringSlot,
  vringRun,
  sourceSlot,
  hostFact,
  event,
  tick,
];
