import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { direction, host, kind, port } from '../../core/catalogue/kind-parts.ts';
import { dropPlaces } from '../../core/catalogue/kinds.ts';
import { BlockBuilder } from '../../core/wire/block-builder.ts';
import { writeBlocks } from '../ingest/batch-writer.ts';
import { joinBlocks, tableColumns } from '../ingest/block-joiner.ts';
import type { Engine } from '../store/engine.ts';
import type { Evidence } from './evidence.ts';
import { encodeEvidence, evidenceId } from './evidence-text.ts';
import type { Attribution } from './rules.ts';

/** The table of owners, described as kinds are, so that it is written in the same form. No host sends it. */
export const attributionKind = kind(
  'attribution',
  'Whose the packets of a row of drops are.',
  [],
  [
    host,
    port,
    direction,
    { name: 'cause', type: 'String', doc: 'As the row of drops has it.' },
    { name: 'place', type: 'Enum8', labels: dropPlaces, doc: 'As the row of drops has it.' },
    { name: 'slot', type: "DateTime('UTC')", doc: 'First slot of the row.' },
    { name: 'slots', type: 'UInt32', doc: 'How many slots it covers.' },
    { name: 'packets', type: 'UInt64', doc: 'Packets of the row; the four owners add up to them.' },
    { name: 'provider', type: 'UInt64', doc: 'Lost by the provider.' },
    { name: 'tenant', type: 'UInt64', doc: 'Lost by the tenant.' },
    { name: 'contract', type: 'UInt64', doc: 'Not covered by the contract: not offered service.' },
    { name: 'unknown', type: 'UInt64', doc: 'Nobody can say; counts as bad.' },
    { name: 'rule', type: 'String', doc: 'Id of the rule; none: no rule speaks of the cause.' },
    { name: 'ruleVersion', type: 'UInt32', doc: 'Version of the rules.' },
    { name: 'revision', type: 'UInt32', doc: '1, and one more each time that what it rests on came late.' },
    { name: 'missing', type: 'String', doc: 'What would have been needed, between blanks.' },
    { name: 'facts', type: 'String', doc: 'What decided, as JSON.' },
    { name: 'evidence', type: 'String', doc: 'SHA-256 of `inputs`, in hex.' },
    { name: 'inputs', type: 'String', doc: 'All that the rule knew, as canonical JSON.' },
  ],
);
export type AttributionRow = RowOf<typeof attributionKind>;

const insertDeadlineMs = 60_000;

export function attributionRow(evidence: Evidence, told: Attribution, revision: number): AttributionRow {
  const { host: of, port: name, direction: way, cause, place, slot, slots, packets } = evidence;
  const inputs = encodeEvidence(evidence);
  return {
    ...{ host: of, port: name, direction: way, cause, place, slot, slots, packets, ...told.packets },
    rule: told.rule,
    ruleVersion: told.ruleVersion,
    revision,
    missing: told.missing.join(' '),
    facts: JSON.stringify(told.facts),
    evidence: evidenceId(inputs),
    inputs,
  };
}

/** Writes owners; the same rows have the same token, whichever attempt they go in with. */
export class AttributionWriter {
  readonly #engine: Engine;
  readonly #folder: string;

  /** `folder` is the writer's own. */
  constructor(engine: Engine, folder: string) {
    this.#engine = engine;
    this.#folder = folder;
  }

  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
  }

  async write(rows: readonly AttributionRow[], signal: AbortSignal): Promise<void> {
    if (rows.length === 0) return;
    const names = createHash('sha256');
    const builder = new BlockBuilder(attributionKind);
    for (const row of rows) {
      builder.add(row);
      names.update(`${row.evidence} ${row.ruleVersion} ${row.revision}\n`);
    }
    const path = join(this.#folder, 'attribution.native');
    await writeBlocks(path, joinBlocks(attributionKind, [builder.block()]));
    const token = `attribution:${names.digest('hex')}`;
    const insert = { table: attributionKind.name, columns: tableColumns(attributionKind), path, token };
    await this.#engine.insertFile(insert, { deadlineMs: insertDeadlineMs, signal });
    await rm(path, { force: true });
  }
}
