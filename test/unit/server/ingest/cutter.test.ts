import { expect, test } from 'vitest';
import { InProcessLog } from '../../../../core/bus/in-process.ts';
import type { Kind } from '../../../../core/catalogue/columns.ts';
import { kinds, tick } from '../../../../core/catalogue/kinds.ts';
import { Admitter } from '../../../../server/ingest/admit.ts';
import { Batch, blocksByKind } from '../../../../server/ingest/batch.ts';
import { BlockTokens } from '../../../../server/ingest/block-tokens.ts';
import { Cutter } from '../../../../server/ingest/cutter.ts';
import { defaultRules } from '../../../../server/ingest/inserter.ts';
import { aGrant, MemoryLedger } from '../../../fakes/memory-ledger.ts';
import { aPortRow, aTickMessage } from '../../../fakes/tick-message.ts';

const never = new AbortController().signal;

/** The catalogue of a later version: its ticks have a column more. */
const later = kinds.map((kind): Kind => {
  if (kind !== tick) return kind;
  return { ...tick, columns: [...tick.columns, { name: 'rack', type: 'Nullable(UInt64)', doc: '', since: 2 }] };
});

function cutterOf(ledger: MemoryLedger, known: readonly Kind[]): Cutter {
  const tokens = new BlockTokens('log', 0);
  return new Cutter({ ledger, grant: aGrant, tokens, admitter: new Admitter(known), rules: defaultRules });
}

test('a block that an older program recorded is made again in the forms it was recorded with: the same tokens, the same columns', async () => {
  const log = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax: 1 << 20, nowMs: () => 0 });
  for (const slot of [10, 11]) await log.append('cn1', aTickMessage({ slot, ports: [aPortRow({ slot })] }));
  const { records } = await log.read({ partition: 0, offset: 0n, maxBytes: 1 << 20, waitMs: 0, signal: never });
  const ledger = new MemoryLedger();
  const recorded = new Batch();
  for (const record of records) recorded.add(new Admitter().admit(record));
  await cutterOf(ledger, kinds).cut(recorded, never);
  const [block] = await ledger.undone();
  if (block === undefined) throw new Error('a block was recorded');

  const again = await cutterOf(ledger, later).rebuild(block, log, 0, never);
  if (again === undefined) throw new Error('the log has it');
  const columnsOf = (batch: Batch) =>
    blocksByKind(batch.admitted, batch.kinds).map(({ kind, rows }) => [kind.name, kind.columns.length, rows]);
  expect(columnsOf(again)).toEqual(columnsOf(recorded));
  const tokens = new BlockTokens('log', 0);
  const tokensOf = (batch: Batch) => batch.kinds.map((kind) => tokens.of('0-1', kind));
  expect(tokensOf(again)).toEqual(tokensOf(recorded));

  // What is recorded from now on has the later form.
  const fresh = new Batch(later);
  for (const record of records) fresh.add(new Admitter(later).admit(record));
  expect(blocksByKind(fresh.admitted, fresh.kinds).map(({ kind }) => kind.columns.length)).toEqual([
    ...columnsOf(recorded).map(([name, columns]) => (name === tick.name ? Number(columns) + 1 : columns)),
  ]);
});

test('one that cannot be made again as it was is an error of its own, and nothing is stored', async () => {
  const log = new InProcessLog({ bytesMax: 1 << 20, recordBytesMax: 1 << 20, nowMs: () => 0 });
  await log.append('cn1', aTickMessage({ slot: 10 }));
  const { records } = await log.read({ partition: 0, offset: 0n, maxBytes: 1 << 20, waitMs: 0, signal: never });
  const ledger = new MemoryLedger();
  const recorded = new Batch(later);
  for (const record of records) recorded.add(new Admitter(later).admit(record));
  await cutterOf(ledger, later).cut(recorded, never);
  const [block] = await ledger.undone();
  if (block === undefined) throw new Error('a block was recorded');
  await expect(cutterOf(ledger, kinds).rebuild(block, log, 0, never)).rejects.toMatchObject({
    code: 'FN_BLOCK_CHANGED',
  });
});
