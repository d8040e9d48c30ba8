import { setTimeout as delay } from 'node:timers/promises';
import type { BrokerAddress } from '../../bus/kafka/link.ts';
import { tickMessages } from '../ingest/messages.ts';
import { openSinkAt } from './filling.ts';
import { StampedMessage } from './stamped-message.ts';

/**
 * Entry of the process that makes the load: one tick a second for each host, hosts spread evenly over the second, each
 * message a batch of its own as one collector sends it. What could not be sent in time is sent late, never left out, and
 * a tick's time is the one it should have been sent at.
 */
export interface LoadOrder {
  readonly broker: BrokerAddress;
  readonly topic: string;
  readonly hosts: number;
  readonly ports: number;
  readonly stream: string;
  /** First slot, unix seconds; its ticks are due in the second after it. */
  readonly fromSlot: number;
  readonly ticks: number;
}

export interface LoadResult {
  readonly messages: number;
  /** From due to handed to the sink, and from due to acknowledged, ms: each that was sent. */
  readonly lateMs: readonly number[];
  readonly acknowledgedMs: readonly number[];
  readonly failed: number;
  readonly cpuMs: number;
}

const wakeMs = 5;

/** When the tick of a host that closes `slot` is due, ms since 1970. */
export function dueMs(slot: number, host: number, hosts: number): number {
  return (slot + 1) * 1000 + (host * 1000) / hosts;
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const { hosts, ports, stream, fromSlot, ticks } = order;
  const made = tickMessages(1, { hosts, ports, withTick: true });
  const templates = made.map(({ value }) => new StampedMessage(value));
  const sink = openSinkAt(order.broker, order.topic, 'live');
  const lateMs: number[] = [];
  const acknowledgedMs: number[] = [];
  let failed = 0;
  const outstanding = new Set<Promise<void>>();
  const cpuBefore = process.cpuUsage();
  for (let next = 0; next < ticks * hosts; ) {
    const host = next % hosts;
    const slot = fromSlot + Math.floor(next / hosts);
    const due = dueMs(slot, host, hosts);
    const now = performance.timeOrigin + performance.now();
    if (due > now) {
      await delay(wakeMs);
      continue;
    }
    const template = templates[host] as StampedMessage;
    const stamp = { stream, seq: BigInt(slot - fromSlot), slot, wallNs: BigInt(Math.round(due * 1e6)) };
    lateMs.push(now - due);
    const sent: Promise<void> = sink
      .append(template.host, template.at(stamp))
      .then(() => void acknowledgedMs.push(performance.timeOrigin + performance.now() - due))
      .catch(() => void failed++)
      .finally(() => outstanding.delete(sent));
    outstanding.add(sent);
    next++;
  }
  await Promise.all(outstanding);
  const { user, system } = process.cpuUsage(cpuBefore);
  await sink.close();
  return { messages: ticks * hosts, lateMs, acknowledgedMs, failed, cpuMs: (user + system) / 1000 };
}

if (process.send !== undefined) {
  process.on('disconnect', () => process.exit(1));
  const result = await run(JSON.parse(process.argv[2] ?? '') as LoadOrder);
  process.send(result, () => process.exit(0));
}
