import { createHash } from 'node:crypto';
import type { RowOf } from '../../core/catalogue/columns.ts';
import { direction, host, kind, port } from '../../core/catalogue/kind-parts.ts';
import { dropPlaces } from '../../core/catalogue/kinds.ts';
import type { OwnRows } from '../store/own-rows.ts';
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
export async function writeAttributions(
  into: OwnRows,
  rows: readonly AttributionRow[],
  signal: AbortSignal,
): Promise<void> {
  if (rows.length === 0) return;
  const names = createHash('sha256');
  for (const row of rows) names.update(`${row.evidence} ${row.ruleVersion} ${row.revision}\n`);
  await into.insert(attributionKind, rows, { token: names.digest('hex'), signal });
}
