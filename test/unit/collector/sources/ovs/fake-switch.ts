import { randomUUID } from 'node:crypto';

export type Counters = { packets: bigint; bytes: bigint; errors: bigint; dropped: bigint };
type PortType = 'dpdk' | 'dpdkvhostuserclient' | 'tap' | 'vxlan' | 'dummy';

const zero = (): Counters => ({ packets: 0n, bytes: 0n, errors: 0n, dropped: 0n });
/** What Open vSwitch counts itself at a guest's port; told while its guest is away, too. */
const ownCounters = [
  'ovs_rx_qos_drops',
  'ovs_tx_failure_drops',
  'ovs_tx_invalid_hwol_drops',
  'ovs_tx_mtu_exceeded_drops',
  'ovs_tx_qos_drops',
  'ovs_tx_retries',
];
const frameBytes = 64n;
/** What a port of this type prints as `?`. */
const unprinted: Partial<Record<PortType, ReadonlySet<keyof Counters>>> = {
  dpdkvhostuserclient: new Set(['errors']),
  vxlan: new Set(['errors', 'dropped']),
};

/** A port of the switch below; a test writes its counters. */
export class FakePort {
  uuid = randomUUID();
  rx = zero();
  tx = zero();
  /** Its guest has no rings, so no counters can be read. */
  isAway = false;
  /** `Interface.status` as the daemon writes it. */
  status: Record<string, string> = {};
  /** `Interface.other_config`. */
  otherConfig: Readonly<Record<string, string>> = {};
  /** Statistics beside the totals. */
  extra = new Map<string, bigint>();
  readonly name: string;
  readonly type: PortType;
  portNo: number;

  constructor(portNo: number, name: string, type: PortType) {
    this.portNo = portNo;
    this.name = name;
    this.type = type;
    if (this.isVhost) this.status = { mode: 'client', status: 'connected' };
  }

  get isVhost(): boolean {
    return this.type === 'dpdkvhostuserclient';
  }

  /** Counters of the port and its rings begin anew. */
  reset(): void {
    this.rx = zero();
    this.tx = zero();
    this.extra = new Map([...this.extra.keys()].map((name) => [name, 0n]));
  }

  leave(): void {
    this.isAway = true;
    this.status = { mode: 'client', status: 'disconnected' };
    this.reset();
  }

  return(): void {
    this.isAway = false;
    this.status = { mode: 'client', status: 'connected' };
  }

  statistics(): Map<string, bigint> {
    const own = this.isVhost ? new Map([...ownCounters.map((name) => [name, 0n] as const), ...this.extra]) : this.extra;
    if (this.isAway) return new Map(own);
    const totals = (['rx', 'tx'] as const).flatMap((side) =>
      (['packets', 'bytes', 'errors', 'dropped'] as const)
        .filter((what) => unprinted[this.type]?.has(what) !== true)
        .map((what) => [`${side}_${what}`, this[side][what]] as const),
    );
    return new Map([...totals, ...own]);
  }
}

/** A datapath in user space that forwards what a test says, and prints itself as Open vSwitch 3.5 does. */
export class FakeSwitch {
  readonly ports: FakePort[] = [];
  hit = 0n;
  missed = 0n;
  lost = 0n;
  flows = 1n;
  /** Packets that the one polling thread took and handed out. */
  handed = 0n;
  coverage: Record<string, bigint> = {};
  /** Of `dpctl/dump-flows`. */
  flowLines: string[] = [];
  /** More lines for `dpctl/show`. */
  unknown = '';
  name = 'netdev@ovs-netdev';

  add(name: string, type: PortType = 'dpdkvhostuserclient'): FakePort {
    const port = new FakePort(this.ports.length + 1, name, type);
    this.ports.push(port);
    return port;
  }

  remove(port: FakePort): void {
    this.ports.splice(this.ports.indexOf(port), 1);
  }

  port(name: string): FakePort {
    return this.ports.find((port) => port.name === name) as FakePort;
  }

  /** A new process: every counter is 0. */
  restart(): void {
    for (const port of this.ports) port.reset();
    [this.hit, this.missed, this.lost, this.handed, this.coverage] = [0n, 0n, 0n, 0n, {}];
  }

  /** `sent` packets pass from one port to another and `dropped` more find its ring full. An absent guest gets none. */
  pass(from: string, to: string, sent: number | bigint, dropped: number | bigint = 0): void {
    const [went, lost] = [BigInt(sent), BigInt(dropped)];
    const [source, sink] = [this.port(from), this.port(to)];
    source.rx.packets += went + lost;
    source.rx.bytes += (went + lost) * frameBytes;
    this.hit += went + lost;
    this.handed += went + lost;
    if (sink.isAway) return;
    sink.tx.packets += went;
    sink.tx.bytes += went * frameBytes;
    sink.tx.dropped += lost;
    sink.extra.set('ovs_tx_failure_drops', (sink.extra.get('ovs_tx_failure_drops') ?? 0n) + lost);
  }

  show(hasCounters: boolean): string {
    const ports = this.ports.map((port) => portText(port, hasCounters)).join('');
    const lookups = `  lookups: hit:${this.hit} missed:${this.missed} lost:${this.lost}\n`;
    return `${this.name}:\n${lookups}  flows: ${this.flows}\n${this.unknown}${ports}`;
  }

  perf(): string {
    const rx =
      this.handed === 0n
        ? []
        : [
            `  Datapath passes: ${this.handed}  (1.00 passes/pkt)`,
            `  - EMC hits: ${this.handed}  (100.0 %)`,
            '  - SMC hits: 0  (  0.0 %)',
            '  - Megaflow hits: 0  (  0.0 %, 1.00 subtbl lookups/hit)',
            '  - Upcalls: 0  (  0.0 %, 0.0 us/upcall)',
            '  - Lost upcalls: 0  (  0.0 %)',
          ];
    const batches = this.handed === 0n ? [] : [`  Tx batches: ${this.handed / 32n}  (32.00 pkts/batch)`];
    const more = [...rx, `  Tx packets: ${this.handed}`, ...batches].join('\n');
    return `Time: 19:45:36.961\nMeasurement duration: 20.959 s\n\npmd thread numa_id 0 core_id 2:\n\n  Iterations: 215133  (97.09 us/it)\n  Rx packets: ${this.handed}  (33 Kpps, 1076 cycles/pkt)\n${more}\n`;
  }

  rxqs(): string {
    const queues = this.ports.map(
      ({ name }) => `  port: ${name.padEnd(16)}  queue-id:  0 (enabled)   pmd usage:  7 %\n`,
    );
    return `Displaying last 5 seconds pmd usage %\npmd thread numa_id 0 core_id 2:\n  isolated : false\n${queues.join('')}  overhead:  1 %\n`;
  }

  drops(): string {
    const lines = Object.entries(this.coverage).map(
      ([name, total]) => `${name}   0.0/sec     0.133/sec        0.0022/sec   total: ${total}\n`,
    );
    return `Event coverage, avg rate over last: 5 seconds, last minute, last hour,  hash=75c93fbb:\n${lines.join('')}106 events never hit\n`;
  }
}

function portText(port: FakePort, hasCounters: boolean): string {
  const label = `  port ${port.portNo}: ${port.name} (${port.type}${port.isVhost ? ': mtu=1500' : ''})\n`;
  if (!hasCounters) return label;
  // The daemon ends no line here: what follows goes on in the same one.
  if (port.isAway) return `${label}, could not retrieve stats (Protocol error)`;
  const told = (side: 'rx' | 'tx', what: keyof Counters) =>
    unprinted[port.type]?.has(what) === true ? '?' : String(port[side][what]);
  const line = (side: 'rx' | 'tx', rest: string) =>
    `    ${side.toUpperCase()} packets:${told(side, 'packets')} errors:${told(side, 'errors')} dropped:${told(side, 'dropped')} ${rest}\n`;
  const sizes = `    RX bytes:${told('rx', 'bytes')}  TX bytes:${told('tx', 'bytes')}\n`;
  return `${label}${line('rx', 'overruns:? frame:?')}${line('tx', 'aborted:? carrier:?')}    collisions:?\n${sizes}`;
}
