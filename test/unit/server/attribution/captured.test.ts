import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decodeEvidence } from '../../../../server/attribution/evidence-text.ts';
import { attribute } from '../../../../server/attribution/rules.ts';

/** Evidence as it was stored of scenarios of the lab, a row a line. */
function captured(scenario: string) {
  const text = readFileSync(new URL(`./captured/${scenario}.ndjson`, import.meta.url), 'utf8');
  return text.trim().split('\n').map(decodeEvidence);
}

test.each([
  // Stopped for 4 s in the middle of two intervals.
  ['guest-stopped', ['stall stopped: provider 26816, unknown 0', 'stall stopped: provider 52256, unknown 0']],
  // It sleeps between packets, so each wait came after waking; a sampler that came late cut one run in two.
  ['guest-core-taken', ['stall wakeup: provider 10500, unknown 220', 'stall wakeup: provider 30251, unknown 213']],
])('what was captured of %s is given to the provider', (scenario, expected) => {
  const said = captured(scenario).map((evidence) => {
    const { packets, facts } = attribute(evidence);
    expect(packets.provider + packets.unknown).toBe(evidence.packets);
    return `${facts['why']} ${facts['kind']}: provider ${packets.provider}, unknown ${packets.unknown}`;
  });
  expect(said).toEqual(expected);
});

test('and to nobody when the readings of the guest are taken away', () => {
  for (const evidence of [...captured('guest-stopped'), ...captured('guest-core-taken')]) {
    const { packets, missing } = attribute({ ...evidence, guest: null });
    expect([packets.unknown, missing]).toEqual([evidence.packets, ['guest']]);
  }
});
