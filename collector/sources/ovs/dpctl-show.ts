import { counterOf, type PassedOver, smallNumberOf, UnknownLines } from './report-text.ts';

/** One direction of a port. Undefined: printed as `?` (the port does not count it), or not printed at all. */
export interface DpctlCounters {
  readonly packets: bigint | undefined;
  readonly bytes: bigint | undefined;
  readonly errors: bigint | undefined;
  readonly dropped: bigint | undefined;
}

export interface DpctlPort {
  /** Number in the datapath, which is not the OpenFlow number. */
  readonly portNo: number;
  readonly name: string;
  /** `system` for devices of the kernel, whose type is not printed. */
  readonly type: string;
  readonly rx: DpctlCounters;
  readonly tx: DpctlCounters;
  /** Upcalls by the kernel's datapath for this port; printed since 3.2, known in few datapaths. */
  readonly upcallPackets: bigint | undefined;
  readonly upcallErrors: bigint | undefined;
  /** Why there are no counters: a vhost port without a guest says `Protocol error` since 3.1. */
  readonly failure: string | undefined;
}

export interface DpctlDatapath {
  /** As `netdev@ovs-netdev`. */
  readonly name: string;
  readonly hit: bigint | undefined;
  readonly missed: bigint | undefined;
  readonly lost: bigint | undefined;
  readonly flows: bigint | undefined;
  readonly ports: readonly DpctlPort[];
}

export interface DpctlShow extends PassedOver {
  readonly datapaths: readonly DpctlDatapath[];
}

type Open<T> = { -readonly [K in keyof T]: T[K] };
interface OpenPort extends Open<DpctlPort> {
  rx: Open<DpctlCounters>;
  tx: Open<DpctlCounters>;
}
interface OpenDatapath extends Open<DpctlDatapath> {
  ports: OpenPort[];
}

const portLine = /^ {2}port (\d+): (.+)$/;
/** Printed without an end of line, so that the next port, or the next datapath, follows in the same line. */
const failureStart = /^, (?:could not retrieve stats|open failed) \(([^()]*)\)/;
const value = '(\\d+|\\?)';
const rxLine = new RegExp(
  `^ {4}RX packets:${value} errors:${value} dropped:${value}(?: overruns:${value} frame:${value})?$`,
);
const txLine = new RegExp(
  `^ {4}TX packets:${value} errors:${value} dropped:${value}(?: aborted:${value} carrier:${value})?$`,
);
const size = '(?: \\([\\d.]+ [KMGT]iB\\))?';
const bytesLine = new RegExp(`^ {4}RX bytes:${value}${size} {2}TX bytes:${value}${size}$`);
const upcallLine = new RegExp(`^ {4}UPCALL packets:${value} errors:${value}$`);
const portLines = [
  ['rx', rxLine],
  ['tx', txLine],
  ['bytes', bytesLine],
  ['upcalls', upcallLine],
] as const;
const lookupsLine = new RegExp(`^ {2}lookups: hit:${value} missed:${value} lost:${value}$`);
const flowsLine = new RegExp(`^ {2}flows: ${value}$`);
/** Known, and of no use here. */
const passedLine = /^ {4}collisions:|^ {2}(masks|cache): |^ {2}caches:$|^ {4}[\w-]+: size:\d+$/;

/**
 * `dpctl/show -s`: every datapath with its ports. `isPort`, where the names of the ports are known (from the database),
 * settles names that cannot be told from what is printed behind them: `a (b)` may be a kernel device of that name, or a
 * port `a` of the type `b`.
 *
 *     netdev@ovs-netdev:
 *       lookups: hit:40 missed:2 lost:0
 *       flows: 1
 *       port 1: vhu1 (dpdkvhostuserclient: configured_rx_queues=1, …)
 *         RX packets:7 errors:0 dropped:0 overruns:? frame:?
 *         TX packets:5 errors:0 dropped:3 aborted:? carrier:?
 *         collisions:?
 *         RX bytes:420  TX bytes:300
 */
export function parseDpctlShow(text: string, isPort: (name: string) => boolean = () => false): DpctlShow {
  const reader = new ShowReader(isPort);
  for (const line of text.split('\n')) reader.take(line);
  return { datapaths: reader.datapaths, ...reader.unknown.result() };
}

class ShowReader {
  readonly datapaths: OpenDatapath[] = [];
  readonly unknown = new UnknownLines();
  readonly #isPort: (name: string) => boolean;
  #datapath: OpenDatapath | undefined;
  #portNos = new Set<number>();
  #port: OpenPort | undefined;
  /** Which lines of the port were there; a value does not tell, it may be `?`. */
  #taken = new Set<string>();

  constructor(isPort: (name: string) => boolean) {
    this.#isPort = isPort;
  }

  take(whole: string): void {
    const failure = failureStart.exec(whole);
    if (failure !== null) {
      if (this.#port === undefined) this.unknown.add(whole);
      else this.#port.failure = failure[1];
      this.#port = undefined;
    }
    const line = failure === null ? whole : whole.slice(failure[0].length);
    if (line !== '' && !this.#takeLine(line)) this.unknown.add(line);
  }

  /** False for a line that is not understood or comes a second time. */
  #takeLine(line: string): boolean {
    // A line that could begin something ends what was before, so that a damaged one gives its numbers to nobody else.
    if (!line.startsWith('    ')) this.#port = undefined;
    if (/^\S/.test(line)) return this.#openDatapath(line);
    if (passedLine.test(line)) return true;
    if (this.#datapath === undefined) return false;
    if (line.startsWith('  port ')) return this.#openPort(this.#datapath, line);
    return this.#port === undefined ? takeLookups(this.#datapath, line) : this.#takeCounters(this.#port, line);
  }

  #openDatapath(line: string): boolean {
    const name = /^([^\s,]+):$/.exec(line)?.[1];
    if (name === undefined || this.datapaths.some((other) => other.name === name)) {
      // The second half of a port's name with a line break in it ends only the port.
      if (/@|:$/.test(line)) this.#datapath = undefined;
      return false;
    }
    this.#datapath = { name, hit: undefined, missed: undefined, lost: undefined, flows: undefined, ports: [] };
    this.#portNos = new Set();
    this.datapaths.push(this.#datapath);
    return true;
  }

  #openPort(datapath: OpenDatapath, line: string): boolean {
    const [, digits, label = ''] = portLine.exec(line) ?? [];
    const portNo = smallNumberOf(digits);
    if (portNo === undefined || this.#portNos.has(portNo)) return false;
    this.#portNos.add(portNo);
    this.#taken = new Set();
    this.#port = {
      portNo,
      ...nameAndType(label, this.#isPort),
      rx: newCounters(),
      tx: newCounters(),
      upcallPackets: undefined,
      upcallErrors: undefined,
      failure: undefined,
    };
    datapath.ports.push(this.#port);
    return true;
  }

  #takeCounters(port: OpenPort, line: string): boolean {
    const found = portLines.map(([what, pattern]) => [what, pattern.exec(line)] as const).find(([, match]) => match);
    if (found === undefined || this.#taken.has(found[0])) return false;
    const [what, match] = found;
    this.#taken.add(what);
    const values = (match ?? []).slice(1).map(counterOf);
    if (what === 'rx') [port.rx.packets, port.rx.errors, port.rx.dropped] = values;
    else if (what === 'tx') [port.tx.packets, port.tx.errors, port.tx.dropped] = values;
    else if (what === 'bytes') [port.rx.bytes, port.tx.bytes] = values;
    else [port.upcallPackets, port.upcallErrors] = values;
    return true;
  }
}

function takeLookups(datapath: OpenDatapath, line: string): boolean {
  const lookups = lookupsLine.exec(line);
  if (lookups !== null && datapath.hit === undefined) {
    [datapath.hit, datapath.missed, datapath.lost] = lookups.slice(1).map(counterOf);
    return true;
  }
  const flows = flowsLine.exec(line);
  if (flows === null || datapath.flows !== undefined) return false;
  datapath.flows = counterOf(flows[1]);
  return true;
}

function newCounters(): Open<DpctlCounters> {
  return { packets: undefined, bytes: undefined, errors: undefined, dropped: undefined };
}

const typePart = / \(([a-z][a-z0-9_-]{0,63})(?:\)$|: |, could not )/y;

/** `NAME`, `NAME (TYPE)`, `NAME (TYPE: OPTIONS)`; NAME and OPTIONS may hold anything, parentheses too. */
function nameAndType(label: string, isPort: (name: string) => boolean): { name: string; type: string } {
  const readings: { name: string; type: string }[] = [];
  for (let at = label.indexOf(' ('); at !== -1; at = label.indexOf(' (', at + 1)) {
    typePart.lastIndex = at;
    const type = typePart.exec(label)?.[1];
    if (type !== undefined && label.endsWith(')')) readings.push({ name: label.slice(0, at), type });
  }
  const asSystem = { name: label, type: 'system' };
  return [...readings, asSystem].find(({ name }) => isPort(name)) ?? readings[0] ?? asSystem;
}
