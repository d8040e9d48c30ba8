import { figuresOf } from '../../../../server/api/figures.ts';
import {
  bundleTar,
  type Evidence,
  evidenceMark,
  gatherEvidence,
  manifestText,
} from '../../../../server/breach/bundle.ts';
import { burnOf, type HashedRow, hashedRow } from '../../../../server/breach/change-row.ts';
import { isoOf } from '../../../../server/slo/instant.ts';
import type { Exclusion } from '../../../../server/slo/objective.ts';
import { excluded, type Line, november, objectiveText, seen, unseen } from '../slo/asking.ts';

/** An hour at 0.99 (36 of 3,600): 40 slots lost, 10 excluded, 5 unknown. */
const hour = { calendar: ['1h', '2026-11-01 00:00:00', 'UTC'], target: '0.99', run: 1 } as const;
const someLines: readonly Line[] = [
  seen(november, 1000, 0, { repeat: 1000 }),
  seen(november + 1000, 1000, 1000, { repeat: 40 }),
  seen(november + 1040, 1000, 0, { repeat: 100 }),
  unseen(november + 1140, 5),
  seen(november + 1145, 1000, 0, { repeat: 2455 }),
];

export async function someEvidence(lines = someLines, exclusions?: readonly Exclusion[]): Promise<Evidence> {
  async function* texts() {
    for (const line of lines) yield `${JSON.stringify(line)}\n`;
  }
  const evidence = await gatherEvidence({
    openslo: objectiveText(hour),
    exclusions: exclusions ?? [excluded(november + 2000, november + 2010)],
    lines: texts(),
    at: november + 3600,
  });
  if ('refused' in evidence) throw new Error(evidence.refused);
  return evidence;
}

export function changeOf(evidence: Evidence): { manifest: string; change: HashedRow } {
  const shared = {
    breach: 'b'.repeat(32),
    entry: 2,
    previous: 'a'.repeat(64),
    slo: { name: 'acme', version: 1, sha256: 'c'.repeat(64) },
    window: { from: isoOf(november), to: isoOf(november + 3600), zone: 'UTC' },
    engine: '0.0.0-test',
  };
  const at = isoOf(november + 3600);
  const manifest = manifestText({ ...shared, at, madeAt: at, watermark: at }, evidence.files);
  const key = { version: 1, windowFrom: november, subject: 'budget', ordinal: 1 } as const;
  const change = hashedRow({
    ...shared,
    ...{ service: 'acme', tenant: 'acme', subject: 'budget', ordinal: 1, at, recordedAt: at, state: 'open' },
    ...{ tier: null, budgetLevel: 100, acknowledgedBy: null, reason: 'broken', watermark: at, causes: [] },
    figures: figuresOf(evidence.evaluation),
    burn: burnOf(evidence.evaluation.burn, november + 3600),
    evidence: evidenceMark(manifest, evidence),
    record: {
      ...{ key, window: { from: november, to: november + 3600, zone: 'UTC' }, entry: 2, state: 'open', tier: null },
      ...{ held: [], level: 100, acknowledgedBy: null, against: '40', until: november + 3600, openedAt: november },
      ...{ fired: [], figures: '', amendments: 0 },
    },
  });
  return { manifest, change };
}

export async function aBundle(): Promise<Uint8Array> {
  const evidence = await someEvidence();
  const { manifest, change } = changeOf(evidence);
  return bundleTar(evidence, manifest, change);
}
