import type { Agreement, ObjectBodies, ObjectKind, Version } from '../../../../server/objects/object.ts';

/** A version of an object as the control store gives it. */
export function version<K extends ObjectKind>(
  kind: K,
  name: string,
  body: ObjectBodies[K],
  from: number,
  to: number | null = null,
): Version<K> {
  return { kind, name, version: 1, from, to, body, sha256: '', witness: 'test', recordedAtMs: 0 };
}

/** One that pays for an objective called acme as most providers do. */
export const agreementBody: Agreement = {
  ...{ tenant: 'acme', service: 'acme', objectives: ['acme'], coverageFloor: '0.999', undetermined: 'open' },
  ...{ finalAfterDays: 3, exclusions: { noticeHours: 24, retroactiveDays: 30 } },
  credits: {
    objectives: ['acme'],
    schedule: {
      kind: 'achieved',
      tiers: [
        { from: '0', share: '1.00' },
        { from: '0.95', share: '0.30' },
        { from: '0.99', share: '0.10' },
        { from: '0.9999', share: '0' },
      ],
    },
    ...{ cap: '1.00', minimumPayout: '0', combine: 'max' },
  },
};
