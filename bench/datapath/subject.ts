/**
 * The collector alone, with a bus that only counts, in a process that lives on while it is off: one line of JSON in, one
 * line out. `on` starts a collector (an order says what it looks at), `off` stops it, `told` says what has come since it
 * was last asked. Ends when its input ends.
 */
import { createInterface } from 'node:readline';
import { keepYoungGenerationSmall } from '../../cli/young-generation.ts';
import type { Agent } from '../../collector/agent.ts';
import { makeCollector } from '../../collector/app.ts';
import { nothingKept } from '../../collector/resume.ts';
import type { LogSink } from '../../core/bus/log.ts';
import { kinds, sourceSlot } from '../../core/catalogue/kinds.ts';
import { silentLogger } from '../../core/runtime/logger.ts';
import { BlockReader } from '../../core/wire/block-reader.ts';
import { decodeMessage } from '../../core/wire/message.ts';
import type { Order, SourceTold, Told } from './collector.ts';

/** Messages that are kept to be read when somebody asks: reading them at once would be counted as the collector's. */
const keptMax = 60;

const countersOf = new Map(kinds.map((kind) => [kind.name, kind.counters.length]));
const sources = new BlockReader(sourceSlot);
let kept: Uint8Array[] = [];
let offset = 0n;
let collector: Agent | undefined;

const sink: LogSink = {
  append: async (_key, value) => {
    kept.push(value);
    if (kept.length > keptMax) kept.shift();
    return { partition: 0, offset: offset++ };
  },
};

// As the collector's command does.
keepYoungGenerationSmall();

async function turnOn({ ovsRunDir, dpdkRuntimeDirs, sourcesOff }: Order): Promise<void> {
  collector = makeCollector({
    config: {
      host: 'bench',
      cpus: 'auto',
      sourceDeadlineMs: 500,
      stallHz: 25,
      sourcesOff,
      ovs: { runDir: ovsRunDir },
      dpdk: { runtimeDirs: [...dpdkRuntimeDirs] },
      qemu: { monitors: [] },
    },
    sink,
    readResumed: nothingKept,
    logger: silentLogger,
  });
  await collector.start();
}

async function turnOff(): Promise<void> {
  await collector?.stop();
  collector = undefined;
}

function tell(): Told {
  const messages = kept.map((bytes) => decodeMessage(bytes));
  const bytes = kept.reduce((sum, message) => sum + message.length, 0);
  kept = [];
  const blocks = messages.flatMap((message) => message.blocks);
  const rowsOf = blocks.filter(({ kind }) => kind === sourceSlot.name).flatMap((block) => sources.rows(block));
  return {
    ticks: messages.length,
    bytes,
    rows: blocks.reduce((sum, block) => sum + block.rows, 0),
    counters: blocks.reduce((sum, block) => sum + block.rows * (countersOf.get(block.kind) ?? 0), 0),
    sources: rowsOf.map(
      ({ source, state, code, rows, durationNs }): SourceTold => ({
        source,
        state: code === '' ? state : `${state} ${code}`,
        rows,
        durationUs: Number(durationNs) / 1000,
      }),
    ),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, order } = JSON.parse(line) as { verb: 'on' | 'off' | 'told'; order: Order };
  if (verb === 'on') await turnOn(order);
  else if (verb === 'off') await turnOff();
  process.stdout.write(`${JSON.stringify(verb === 'told' ? tell() : {})}\n`);
}
await turnOff();
