import { direction, host, kind, port } from './kind-parts.ts';

/** Kinds of rows of the rings between a host and its guests, sampled at 1 kHz. */

/** Who said where a ring lies: the guest's own list of DPDK memory, or QEMU. */
const ringWitnesses = ['memzone', 'vhostQueueStatus', 'queueElement'] as const;
const layouts = ['split', 'packed'] as const;

const queue = {
  name: 'queue',
  type: 'UInt16',
  doc: 'Queue pair of the guest: its ring 2N is toGuest, 2N+1 fromGuest.',
} as const;
const slot = { name: 'slot', type: "DateTime('UTC')", doc: 'The second, UTC.' } as const;

export const vringSlot = kind(
  'vring_slot',
  'A ring of a guest in one second: how full it was. Fill: buffers with packets that their reader has not given back, an upper bound. A second without samples has no row: unknown.',
  ['port', 'direction', 'queue'],
  [
    host,
    port,
    direction,
    queue,
    slot,
    { name: 'witness', type: 'Enum8', labels: ringWitnesses, doc: 'Who said where the ring lies.' },
    {
      name: 'layout',
      type: 'Enum8',
      labels: layouts,
      doc: 'Layout of the ring in memory; packed ones are not read yet.',
    },
    { name: 'size', type: 'UInt32', doc: 'Descriptors of the ring.' },
    { name: 'samples', type: 'UInt32', doc: 'Samples that say how full it was.' },
    { name: 'late', type: 'UInt32', doc: 'Samples taken more than 0.5 ms after they were due.' },
    { name: 'missed', type: 'UInt32', doc: 'Ticks of the millisecond at which no sample was taken.' },
    {
      name: 'suspectSamples',
      type: 'UInt32',
      doc: 'Samples with more pending than the ring has, or in time that the wall clock told twice; used for nothing.',
    },
    { name: 'fillMax', type: 'UInt32', doc: 'Greatest fill, descriptors.' },
    { name: 'fillP99', type: 'UInt32', doc: 'Fill that 99 of 100 samples did not exceed, descriptors.' },
    { name: 'fill0', type: 'UInt32', doc: 'Samples with the ring empty.' },
    { name: 'fill1', type: 'UInt32', doc: 'Samples with a fill above 0, up to 1/8 of the size.' },
    { name: 'fill2', type: 'UInt32', doc: 'Above 1/8, up to 2/8.' },
    { name: 'fill3', type: 'UInt32', doc: 'Above 2/8, up to 3/8.' },
    { name: 'fill4', type: 'UInt32', doc: 'Above 3/8, up to 4/8.' },
    { name: 'fill5', type: 'UInt32', doc: 'Above 4/8, up to 5/8.' },
    { name: 'fill6', type: 'UInt32', doc: 'Above 5/8, up to 6/8.' },
    { name: 'fill7', type: 'UInt32', doc: 'Above 6/8, up to 7/8.' },
    { name: 'fill8', type: 'UInt32', doc: 'Above 7/8, not full.' },
    {
      name: 'fill9',
      type: 'UInt32',
      doc: 'Samples with the ring full: toGuest, no free buffer; fromGuest, the guest cannot send.',
    },
    { name: 'fullNs', type: 'UInt64', doc: 'Time full, ns; a time, never a number of packets.' },
    { name: 'fullRunNs', type: 'UInt64', doc: 'Longest stretch of it in this second, ns.' },
    { name: 'fullRunAtNs', type: 'UInt64', doc: 'Where that stretch began, ns from the start of the second.' },
    { name: 'emptyNs', type: 'UInt64', doc: 'Time empty, ns.' },
    { name: 'emptyRunNs', type: 'UInt64', doc: 'Longest stretch of it in this second, ns.' },
    { name: 'runsLeftOut', type: 'UInt32', doc: 'Rows of vring_run beyond the 32 that a ring and second may have.' },
  ],
);

export const vringRun = kind(
  'vring_run',
  'A stretch in which a ring was full for 1 ms and more, or its piece in one second.',
  ['port', 'direction', 'queue', 'fromNs'],
  [
    host,
    port,
    direction,
    queue,
    slot,
    { name: 'fromNs', type: 'UInt64', doc: 'Where it began, ns from the start of the second.' },
    { name: 'lengthNs', type: 'UInt64', doc: 'From the first full sample to the first that was not, ns.' },
    {
      name: 'lengthNsMin',
      type: 'UInt64',
      doc: 'What it lasted at least: from the first full sample to the last, ns.',
    },
    {
      name: 'lengthNsMax',
      type: 'UInt64',
      doc: 'What it lasted at most: between the samples around it that were not full, ns.',
    },
    {
      name: 'continues',
      type: 'UInt8',
      doc: 'Bit 0: it began in the second before; bit 1: it goes on in the next. Pieces join without a gap.',
    },
  ],
);
