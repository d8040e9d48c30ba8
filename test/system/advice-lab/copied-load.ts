import type { Lab } from '../../lab/lab.ts';

/** What the two queues shall take of the thread, percent, and what they are sent at first. */
const wanted = [54, 40] as const;
const startPps = [35_000, 26_000] as const;
/** Together within, the thread is full and loses nothing. Above, shares say nothing of what is wanted. */
const sumMin = 92;
const sumMax = 97;
const lessWhereSaturated = 0.9;
const ppsMin = 5_000;
const ppsMax = 300_000;
/** Outputs of each packet: so that few packets, which cost their senders little, fill the thread. */
const copies = 60;

interface Sender {
  readonly port: string;
  readonly wanted: number;
  pps: number;
}

/**
 * Two guests whose queues are polled on one core fill it: each packet goes to the other two guests thirty times, who do not read.
 */
export class CopiedLoad {
  readonly #lab: Lab;
  readonly #senders: readonly Sender[];

  private constructor(lab: Lab, senders: readonly Sender[]) {
    this.#lab = lab;
    this.#senders = senders;
  }

  static async start(lab: Lab, core: number): Promise<CopiedLoad> {
    const polled = await sharesOf(lab);
    const ports = [...polled].filter(([, share]) => share.core === core).map(([port]) => port);
    const senders = wanted.map((share, i) => ({ port: ports[i] ?? '', wanted: share, pps: startPps[i] ?? ppsMin }));
    const sinks = lab.guests.map(({ name }) => name).filter((name) => !ports.includes(name));
    if (ports.length < wanted.length || sinks.length < 2) throw new Error(`core ${core} polls ${ports.join(', ')}`);
    for (const sink of sinks) await lab.guest(sink).reader('off');
    // The address is changed each time, so that no output can be left out as the same again.
    const actions = Array.from({ length: copies }, (_, i) => {
      return `mod_dl_src:02:00:00:00:01:${String(i).padStart(2, '0')},output:${sinks[i % 2]}`;
    });
    for (const { port } of senders) await lab.ovs.addRule(`priority=30,in_port=${port},actions=${actions.join(',')}`);
    const load = new CopiedLoad(lab, senders);
    for (const sender of senders) await load.#send(sender);
    return load;
  }

  /** Sends more or less where the thread is not as full as wanted; gives the shares of both queues in words. */
  async hold(): Promise<string> {
    const shares = await sharesOf(this.#lab);
    const of = ({ port }: Sender) => shares.get(port)?.percent ?? 0;
    const sum = this.#senders.reduce((total, sender) => total + of(sender), 0);
    if (sum < sumMin || sum > sumMax) {
      for (const sender of this.#senders) {
        const share = of(sender);
        if (share === 0) continue;
        const pps = sender.pps * (sum > sumMax ? lessWhereSaturated : 1 + 0.8 * (sender.wanted / share - 1));
        sender.pps = Math.round(Math.min(ppsMax, Math.max(ppsMin, pps)));
        await this.#send(sender);
      }
    }
    return this.#senders.map((sender) => `${sender.port} ${of(sender)} %`).join(', ');
  }

  async #send({ port, pps }: Sender): Promise<void> {
    const guest = this.#lab.guest(port);
    await guest.stop();
    await guest.start({ pps, destination: guest.address, size: 64, burst: 8 });
  }
}

interface Share {
  readonly core: number;
  /** Of the last 5 s; null: NOT AVAIL. */
  readonly percent: number | null;
}

/** What each port's first queue takes of its thread, as the switch says. */
async function sharesOf(lab: Lab): Promise<ReadonlyMap<string, Share>> {
  const shares = new Map<string, Share>();
  let core = -1;
  for (const line of (await lab.ovs.appctl('dpif-netdev/pmd-rxq-show', '-secs', '5')).split('\n')) {
    core = Number(/core_id (\d+)/.exec(line)?.[1] ?? core);
    const [, port, usage] = /port: (\S+)\s+queue-id:\s+0 \(enabled\)\s+pmd usage:\s+(\d+|NOT AVAIL)/.exec(line) ?? [];
    if (port !== undefined) shares.set(port, { core, percent: usage === 'NOT AVAIL' ? null : Number(usage) });
  }
  return shares;
}
