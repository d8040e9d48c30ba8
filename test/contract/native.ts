import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FourninesError } from '../../core/runtime/error.ts';
import { type linkCounters, linkStride, type NativeFacade, threadStatus, threadStride } from '../../native/facade.ts';
import {
  canMakeNamespaces,
  isThere,
  Namespace,
  type ProbedLink,
  probeAffinity,
  removeNamespaces,
  sayUntested,
  skipWithout,
} from '../native/namespace.ts';
import { queueContract } from '../native/queue-contract.ts';
import { ringContract } from '../native/ring-contract.ts';
import { stallContract } from '../native/stall-contract.ts';
import { telemetryContract } from '../native/telemetry-contract.ts';

const noNamespaces = 'needs root, ip and tc to make network namespaces';

/** What every form of the native facade promises. */
export function nativeContract(name: string, open: () => NativeFacade): void {
  describe(`native facade: ${name}`, () => {
    let facade: NativeFacade;
    beforeEach(() => {
      facade = open();
    });
    afterEach(() => facade.close());
    afterAll(removeNamespaces);

    const readOne = (pid: number, tid: number): bigint[] => {
      const out = new BigUint64Array(threadStride);
      facade.readThreads(new Uint32Array([pid, tid]), out);
      return [...out];
    };

    describe('clocks', () => {
      it('gives the wall clock in ns and a monotonic clock that does not fall', () => {
        const before = BigInt(Date.now()) * 1_000_000n;
        const [wallNs, first] = facade.clocks();
        const [, second] = facade.clocks();
        expect(wallNs).toBeGreaterThanOrEqual(before);
        expect(wallNs - before).toBeLessThan(5_000_000_000n);
        expect(second).toBeGreaterThanOrEqual(first);
      });
    });

    describe('threads', () => {
      it('sees CPU time of our own threads grow', () => {
        const pairs = Uint32Array.from(readdirSync('/proc/self/task').flatMap((tid) => [process.pid, Number(tid)]));
        const out = new BigUint64Array((pairs.length / 2) * threadStride);
        const total = () => {
          facade.readThreads(pairs, out);
          return out.reduce((sum, value, i) => (i % threadStride === 1 ? sum + value : sum), 0n);
        };
        const before = total();
        const deadline = Date.now() + 5000;
        while (total() < before + 20_000_000n && Date.now() < deadline);
        expect(total()).toBeGreaterThanOrEqual(before + 20_000_000n);
      });

      it('gives the fields of /proc/PID/task/TID/stat', () => {
        const stat = readFileSync(`/proc/${process.pid}/task/${process.pid}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        const row = readOne(process.pid, process.pid);
        const [status, runNs = 0n, , timeslices = 0n, startTicks, state = 0n, cpu = -1n] = row;
        expect(status).toBe(threadStatus.ok);
        expect(runNs > 0n && timeslices > 0n).toBe(true);
        expect(startTicks).toBe(BigInt(fields[19] ?? ''));
        expect('RSD').toContain(String.fromCharCode(Number(state)));
        expect(Number(cpu)).toBeLessThan(65_536);
      });

      it('takes a name with parentheses and spaces for what it is', () => {
        const file = `/proc/${process.pid}/task/${process.pid}/comm`;
        const name = readFileSync(file, 'utf8').trimEnd();
        const startTicks = readOne(process.pid, process.pid)[4];
        for (const hostile of [') (', '(a) Z 1 2', ')) R 9', '\n) S 0']) {
          writeFileSync(file, hostile);
          try {
            const row = readOne(process.pid, process.pid);
            expect(row[0]).toBe(threadStatus.ok);
            expect(row[4]).toBe(startTicks);
          } finally {
            writeFileSync(file, name);
          }
        }
      });

      it('reports a thread that ended as gone, all zero beside the status', async () => {
        const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
        await once(child, 'spawn');
        const pid = child.pid ?? 0;
        expect(readOne(pid, pid)[0]).toBe(threadStatus.ok);
        child.kill('SIGKILL');
        await once(child, 'exit');
        expect(readOne(pid, pid)).toEqual([threadStatus.gone, 0n, 0n, 0n, 0n, 0n, 0n]);
      });

      it('reports what never was as gone, and goes on with the next', () => {
        const pairs = new Uint32Array([0, 0, 4_294_967_295, 4_294_967_295, process.pid, 1, process.pid, process.pid]);
        const out = new BigUint64Array(4 * threadStride).fill(7n);
        facade.readThreads(pairs, out);
        const statuses = [0, 1, 2, 3].map((i) => out[i * threadStride]);
        expect(statuses).toEqual([threadStatus.gone, threadStatus.gone, threadStatus.gone, threadStatus.ok]);
      });

      it('reads thousands in one call, and none', () => {
        const count = 5000;
        const pairs = new Uint32Array(2 * count).fill(process.pid);
        const out = new BigUint64Array(count * threadStride);
        facade.readThreads(pairs, out);
        for (let i = 0; i < count; i++) expect(out[i * threadStride]).toBe(threadStatus.ok);
        facade.readThreads(new Uint32Array(0), new BigUint64Array(0));
      });

      it('leaves what lies behind the rows alone', () => {
        const out = new BigUint64Array(2 * threadStride).fill(7n);
        facade.readThreads(new Uint32Array([process.pid, process.pid]), out);
        expect([...out.subarray(threadStride)]).toEqual(new Array(threadStride).fill(7n));
      });
    });

    describe('links', () => {
      it('names the NICs of /proc/net/dev, with counters that lie between two looks', () => {
        const before = procNetDev(readFileSync('/proc/net/dev', 'utf8'));
        const { links, counters } = facade.links();
        const after = procNetDev(readFileSync('/proc/net/dev', 'utf8'));
        expect(links.map((link) => link.name).sort()).toEqual([...before.keys()].sort());
        expect(counters.length).toBe(links.length * linkStride);
        links.forEach((link, i) => {
          const rxPackets = counters[i * linkStride] ?? -1n;
          expect(rxPackets).toBeGreaterThanOrEqual(before.get(link.name)?.[1] ?? 0n);
          expect(rxPackets).toBeLessThanOrEqual(after.get(link.name)?.[1] ?? 0n);
        });
      });

      it('counts to the packet and agrees with /proc/net/dev in every column', (context) => {
        skipWithout(context, canMakeNamespaces(), noNamespaces);
        using namespace = aVethPair();
        namespace.send('10.99.0.255', 137, 200);
        const { links, procNetDev: text } = namespace.look(facade.form);
        const rows = procNetDev(text);
        for (const link of links) expect(asProcNetDev(link)).toEqual(rows.get(link.name));
        // 200 bytes, 8 of UDP, 20 of IP, 14 of Ethernet.
        expect(byName(links, 'fn0').counters).toMatchObject({ txPackets: '137', txBytes: String(137 * 242) });
        expect(byName(links, 'fn1').counters).toMatchObject({ rxPackets: '137', rxBytes: String(137 * 242) });
      });

      it('gives flags, mtu, kind and the two ends of a veth', (context) => {
        skipWithout(context, canMakeNamespaces(), noNamespaces);
        using namespace = aVethPair();
        namespace.ip('link set fn1 mtu 1234');
        const { links } = namespace.look(facade.form);
        const [a, b, lo] = [byName(links, 'fn0'), byName(links, 'fn1'), byName(links, 'lo')];
        expect([a.lower, b.lower]).toEqual([b.ifindex, a.ifindex]);
        expect([a.linkKind, b.mtu, a.flags & 0x41, lo.flags & 0x41]).toEqual(['veth', 1234, 0x41, 0]);
        expect([lo.linkKind, lo.lower, lo.master, lo.memberKind]).toEqual(['', 0, 0, '']);
      });

      it('does not take an ifindex of another namespace for one here', (context) => {
        skipWithout(context, canMakeNamespaces(), noNamespaces);
        using namespace = aVethPair();
        using other = new Namespace();
        namespace.ip(`link set fn1 netns ${other.name}`);
        expect(byName(namespace.look(facade.form).links, 'fn0').lower).toBe(0);
      });

      it('gives master and kind of a bridge port, and the port below a macvlan', (context) => {
        skipWithout(context, canMakeNamespaces(), noNamespaces);
        using namespace = aVethPair();
        namespace.ip('link add fnbr type bridge');
        namespace.ip('link set fn0 master fnbr');
        namespace.ip('link add fnmv link fn1 type macvlan');
        const { links } = namespace.look(facade.form);
        expect(byName(links, 'fn0')).toMatchObject({ master: byName(links, 'fnbr').ifindex, memberKind: 'bridge' });
        expect(byName(links, 'fnbr')).toMatchObject({ linkKind: 'bridge', master: 0, memberKind: '' });
        expect(byName(links, 'fnmv').lower).toBe(byName(links, 'fn1').ifindex);
        // /sys does not tell a macvlan from hardware.
        expect(byName(links, 'fnmv').linkKind).toBe(facade.form === 'addon' ? 'macvlan' : '');
      });

      it('gives a bond and its member, and the port below a VLAN, where the kernel has them', (context) => {
        skipWithout(context, canMakeNamespaces(), noNamespaces);
        using namespace = aVethPair();
        const hasVlan = namespace.tries('link add fnvl link fn1 type vlan id 5');
        const hasBond = namespace.tries('link add fnbond type bond');
        if (hasBond) {
          namespace.ip('link set fn0 down');
          namespace.ip('link set fn0 master fnbond');
        }
        const { links } = namespace.look(facade.form);
        if (hasVlan) {
          expect(byName(links, 'fnvl')).toMatchObject({ linkKind: 'vlan', lower: byName(links, 'fn1').ifindex });
        } else sayUntested(context, 'the kernel has no VLANs');
        if (hasBond) {
          const member = byName(links, 'fn0');
          expect(member).toMatchObject({ master: byName(links, 'fnbond').ifindex, memberKind: 'bond' });
          // IFF_SLAVE
          expect(member.flags & 0x800).toBe(0x800);
          expect(byName(links, 'fnbond').linkKind).toBe('bond');
        } else sayUntested(context, 'the kernel has no bonding');
      });

      it('reads 50 NICs, each once', (context) => {
        skipWithout(context, canMakeNamespaces(), noNamespaces);
        using namespace = new Namespace();
        for (let i = 0; i < 25; i++) namespace.ip(`link add fna${i} type veth peer name fnb${i}`);
        const { links, procNetDev: text } = namespace.look(facade.form);
        expect(links.filter((link) => link.linkKind === 'veth')).toHaveLength(50);
        expect(new Set(links.map((link) => link.ifindex)).size).toBe(links.length);
        expect(links.map((link) => link.name).sort()).toEqual([...procNetDev(text).keys()].sort());
      });
    });

    describe('what only the kernel can tell', () => {
      it('counts drops of a queueing discipline as tc does, or says null', (context) => {
        if (facade.form === 'typescript') return expect(facade.qdiscs()).toBeNull();
        skipWithout(context, canMakeNamespaces(), noNamespaces);
        using namespace = aVethPair();
        namespace.exec('tc', ...'qdisc add dev fn0 root tbf rate 8kbit burst 1600 limit 1600'.split(' '));
        namespace.send('10.99.0.255', 60, 1000);
        const { qdiscs, links } = namespace.look(facade.form);
        const { ifindex } = byName(links, 'fn0');
        const dropped = /dropped (\d+)/.exec(namespace.exec('tc', '-s', 'qdisc', 'show', 'dev', 'fn0'))?.[1];
        expect(Number(dropped)).toBeGreaterThan(30);
        expect(qdiscs?.find((row) => row.ifindex === ifindex)).toEqual({ kind: 'tbf', ifindex, drops: dropped });
      });

      it('has the names of ethtool -S in order, or says null', (context) => {
        if (facade.form === 'typescript') return expect(facade.ethtoolNames('lo')).toBeNull();
        skipWithout(context, canMakeNamespaces() && isThere('ethtool'), `${noNamespaces}, and ethtool`);
        using namespace = aVethPair();
        const names = [...namespace.exec('ethtool', '-S', 'fn0').matchAll(/^ {5}(.*): \d+$/gm)].map(
          (match) => match[1],
        );
        expect(names.length).toBeGreaterThan(3);
        expect(namespace.look(facade.form, 'fn0').ethtoolNames['fn0']).toEqual(names);
      });

      it('has no ethtool counters for lo', () => {
        if (facade.form === 'typescript') return expect(facade.ethtoolCounters(['lo'], new Uint32Array(1))).toBeNull();
        expect(facade.ethtoolNames('lo')).toEqual([]);
        const { values, starts } = facade.ethtoolCounters(['lo'], new Uint32Array(1)) ?? { values: null, starts: null };
        expect([values?.length, starts?.[0]]).toEqual([0, 0]);
      });

      it('marks a NIC whose number of counters differs, or that is not there, and reads the others', () => {
        const nic = facade.links().links.find(({ name }) => (facade.ethtoolNames(name)?.length ?? 0) > 0)?.name ?? 'lo';
        const count = facade.ethtoolNames(nic)?.length ?? 0;
        const table = facade.ethtoolCounters([nic, nic, 'fn-none', nic], new Uint32Array([count, count + 1, 3, count]));
        if (facade.form === 'typescript') return expect(table).toBeNull();
        expect([...(table?.starts ?? [])]).toEqual([0, -1, -1, count]);
        expect([...(table?.counts ?? [])]).toEqual([count, count, 0, count]);
        expect(table?.values.length).toBe(2 * count);
      });

      it('says FN_NATIVE with call and errno for a NIC that is not there', () => {
        if (facade.form === 'typescript') return expect(facade.ethtoolDriver('fn-none')).toBeNull();
        expect(facade.ethtoolDriver('lo')).toBeNull();
        const error = thrownBy(() => facade.ethtoolNames('fn-none'));
        expect([error.code, error.context]).toEqual(['FN_NATIVE', { call: 'ETHTOOL_GSSET_INFO', errno: 19 }]);
        expect(thrownBy(() => facade.ethtoolDriver('fn-none')).context['errno']).toBe(19);
      });
    });

    queueContract(() => facade);
    stallContract(() => facade);
    telemetryContract(() => facade);
    ringContract(() => facade);

    describe('affinity', () => {
      it('lists the CPUs of Cpus_allowed_list, ascending', () => {
        const cpus = facade.affinity();
        expect(cpus.length).toBeGreaterThan(0);
        expect([...cpus].sort((a, b) => a - b)).toEqual(cpus);
      });

      it('restricts every thread of the process, or says false', () => {
        const cpus = facade.affinity();
        const cpu = cpus.at(-1) ?? 0;
        const isSet = facade.form === 'addon';
        expect(probeAffinity(facade.form, cpu)).toEqual({ isSet, affinity: isSet ? [cpu] : cpus });
      });
    });

    describe('misuse', () => {
      const wrong = (value: unknown) => value as never;
      const pair = new Uint32Array([1, 1]);
      const room = new BigUint64Array(threadStride);
      const misuses: readonly (readonly [string, (one: NativeFacade) => unknown])[] = [
        ['threads of another type', (one) => one.readThreads(wrong(new Int32Array(2)), room)],
        ['threads as plain array', (one) => one.readThreads(wrong([1, 1]), room)],
        ['out of another type', (one) => one.readThreads(pair, wrong(new BigInt64Array(threadStride)))],
        ['half a pair', (one) => one.readThreads(new Uint32Array(3), room)],
        ['out too small', (one) => one.readThreads(pair, new BigUint64Array(threadStride - 1))],
        ['more threads than can be', (one) => one.readThreads(new Uint32Array(2 * 4_194_305), room)],
        ['a billion threads that are none', (one) => one.readThreads(wrong({ length: 1e9 }), room)],
        ['nothing', (one) => one.readThreads(wrong(undefined), wrong(undefined))],
        ['a NIC that is no string', (one) => one.ethtoolNames(wrong(7))],
        ['an empty NIC', (one) => one.ethtoolDriver('')],
        ['a NIC longer than names can be', (one) => one.ethtoolDriver('a'.repeat(16))],
        ['a NIC with NUL', (one) => one.ethtoolNames('lo\0x')],
        ['more counts than NICs', (one) => one.ethtoolCounters(['lo'], new Uint32Array(2))],
        ['absurd counts', (one) => one.ethtoolCounters(['lo'], new Uint32Array([4_294_967_295]))],
        ['no CPU', (one) => one.setAffinity([])],
        ['a negative CPU', (one) => one.setAffinity([-1])],
        ['a CPU that is no number', (one) => one.setAffinity([Number.NaN])],
        ['a CPU beyond every mask', (one) => one.setAffinity([1e9])],
      ];
      it.each(misuses)('refuses %s', (_, misuse) => {
        expect(thrownBy(() => misuse(facade)).code).toBe('FN_INTERNAL');
      });
    });

    describe('close', () => {
      it('may come twice, and later calls are refused', () => {
        facade.links();
        facade.close();
        facade.close();
        const calls: readonly (() => unknown)[] = [
          () => facade.clocks(),
          () => facade.readThreads(new Uint32Array(0), new BigUint64Array(0)),
          () => facade.links(),
          () => facade.qdiscs(),
          () => facade.queues(),
          () => facade.ethtoolNames('lo'),
          () => facade.ethtoolDriver('lo'),
          () => facade.ethtoolCounters(['lo'], new Uint32Array(1)),
          () => facade.affinity(),
          () => facade.setAffinity([0]),
        ];
        for (const call of calls) {
          const error = thrownBy(call);
          expect([error.code, error.context]).toEqual(['FN_NATIVE', { call: 'close', errno: 9 }]);
        }
      });
    });
  });
}

/** fn0 (10.99.0.1/24) and fn1, both up, in a namespace of their own. */
function aVethPair(): Namespace {
  const namespace = new Namespace();
  namespace.ip('link add fn0 type veth peer name fn1');
  namespace.ip('addr add 10.99.0.1/24 broadcast 10.99.0.255 dev fn0');
  namespace.ip('link set fn0 up');
  namespace.ip('link set fn1 up');
  return namespace;
}

function byName(links: readonly ProbedLink[], name: string): ProbedLink {
  const link = links.find((one) => one.name === name);
  if (link === undefined) throw new Error(`no ${name} among ${links.map((one) => one.name).join(' ')}`);
  return link;
}

/** The 16 columns of each NIC. */
function procNetDev(text: string): Map<string, bigint[]> {
  const rows = [...text.matchAll(/^\s*(\S+):\s*(.*)$/gm)];
  return new Map(rows.map(([, name = '', values = '']) => [name, values.trim().split(/\s+/).map(BigInt)]));
}

/** The 16 columns as dev_seq_printf_stats of the kernel makes them from the 64-bit counters. */
function asProcNetDev({ counters }: ProbedLink): bigint[] {
  const sum = (...names: (typeof linkCounters)[number][]) =>
    names.reduce((total, name) => total + BigInt(counters[name] ?? -1), 0n);
  return [
    sum('rxBytes'),
    sum('rxPackets'),
    sum('rxErrors'),
    sum('rxDropped', 'rxMissedErrors'),
    sum('rxFifoErrors'),
    sum('rxLengthErrors', 'rxOverErrors', 'rxCrcErrors', 'rxFrameErrors'),
    sum('rxCompressed'),
    sum('multicast'),
    sum('txBytes'),
    sum('txPackets'),
    sum('txErrors'),
    sum('txDropped'),
    sum('txFifoErrors'),
    sum('collisions'),
    sum('txCarrierErrors', 'txAbortedErrors', 'txWindowErrors', 'txHeartbeatErrors'),
    sum('txCompressed'),
  ];
}

function thrownBy(call: () => unknown): FourninesError {
  try {
    call();
  } catch (error) {
    if (error instanceof FourninesError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
