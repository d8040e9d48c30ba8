import os from 'node:os';
import { type Static, Type } from 'typebox';

/** The collector's slice of the configuration. */
export const CollectorConfigSchema = Type.Object(
  {
    host: Type.String({
      minLength: 1,
      maxLength: 127,
      pattern: '^[A-Za-z0-9._-]+$',
      default: os.hostname(),
      description: "Name of this host in every row. Default: the machine's host name.",
    }),
    cpus: Type.Union(
      [Type.Literal('auto'), Type.Array(Type.Integer({ minimum: 0, maximum: 65535 }), { minItems: 1 })],
      {
        default: 'auto',
        description: 'CPUs to run on; auto: all allowed ones that are not isolated.',
      },
    ),
    sourceDeadlineMs: Type.Integer({
      minimum: 50,
      maximum: 900,
      default: 500,
      description: 'A source that takes longer has failed for that tick, ms.',
    }),
    sourcesOff: Type.Array(
      Type.Union([
        Type.Literal('dpdk-telemetry'),
        Type.Literal('kernel'),
        Type.Literal('ovs'),
        Type.Literal('thread'),
        Type.Literal('vring'),
      ]),
      { default: [], description: 'Sources that are not to run.' },
    ),
    stallHz: Type.Integer({
      minimum: 10,
      maximum: 100,
      default: 25,
      description:
        'Samples a second of what the scheduler does to vCPU, emulator, vhost and PMD threads: how finely a stall is placed.',
    }),
    ovs: Type.Object(
      {
        runDir: Type.String({
          minLength: 1,
          maxLength: 4096,
          default: '/var/run/openvswitch',
          description: 'Folder with db.sock and the control socket of ovs-vswitchd.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    dpdk: Type.Object(
      {
        runtimeDirs: Type.Array(Type.String({ minLength: 1, maxLength: 4096 }), {
          maxItems: 16,
          default: ['/var/run/dpdk', '/run/openvswitch/dpdk'],
          description: 'Folders in which DPDK programs make a folder each, named after their file prefix.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    qemu: Type.Object(
      {
        monitors: Type.Array(Type.String({ minLength: 1, maxLength: 4096, pattern: '^/' }), {
          maxItems: 512,
          default: [],
          description:
            'Sockets of QEMU monitors (QMP) for the collector alone, or folders with such: to read rings of virtual machines. Empty: no QEMU is asked. A monitor beside the one of libvirt marks the domain as tainted (docs/rings.md).',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
    spool: Type.Object(
      {
        folder: Type.String({
          maxLength: 4096,
          default: '',
          description: 'Folder in which ticks wait for the bus, one host each. Empty: `spool` in the data folder.',
        }),
        bytesMax: Type.Integer({
          minimum: 16 * 1024 ** 2,
          maximum: 1024 ** 4,
          default: 2 * 1024 ** 3,
          description: 'Bytes the spool may hold; beyond, ticks are refused and their slots bridged.',
        }),
        segmentBytes: Type.Integer({
          minimum: 64 * 1024,
          maximum: 256 * 1024 ** 2,
          default: 16 * 1024 ** 2,
          description: 'Bytes of one file of the spool, at most an eighth of bytesMax.',
        }),
        fsyncMs: Type.Integer({
          minimum: 10,
          maximum: 60_000,
          default: 1000,
          description:
            'How often the spool is forced onto the disk: what a power cut may cost, ms. A kill costs nothing.',
        }),
        drainBytesPerSecondMax: Type.Integer({
          minimum: 64 * 1024,
          maximum: 1024 ** 3,
          default: 8 * 1024 ** 2,
          description:
            'How fast what has waited is handed to the bus, bytes a second. An hour at 16 kB a tick takes 7 s.',
        }),
      },
      { additionalProperties: false, default: {} },
    ),
  },
  { additionalProperties: false, default: {} },
);

export type CollectorConfig = Static<typeof CollectorConfigSchema>;
