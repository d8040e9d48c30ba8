import { type Instant, parseInstant } from '../slo/instant.ts';
import type { Exclusion } from '../slo/objective.ts';
import { readYaml, type YamlValue } from './yaml-source.ts';

/**
 * Reads a list of exclusions: from, to (half open), category, reason and approvedBy, all needed. Only slots that lie
 * wholly inside are excluded. Throws FN_EXCLUSIONS_FILE with line and key.
 */
export function readExclusions(name: string, text: string): Exclusion[] {
  return readYaml(name, text, 'FN_EXCLUSIONS_FILE').list().map(exclusionOf);
}

function exclusionOf(value: YamlValue): Exclusion {
  const exclusion = value.map(['from', 'to', 'category', 'reason', 'approvedBy']);
  const from = instantOf(exclusion.get('from'));
  const to = instantOf(exclusion.get('to'));
  const first = from.whole ? from.second : from.second + 1;
  if (to.second <= first) exclusion.get('to').fail('must lie at least one slot behind from');
  return {
    from: first,
    to: to.second,
    category: exclusion.get('category').text(),
    reason: exclusion.get('reason').text(),
    approvedBy: exclusion.get('approvedBy').text(),
  };
}

/** An RFC 3339 instant in UTC. */
export function instantOf(value: YamlValue): Instant {
  const text = value.text();
  const hint = 'Write the instant in UTC, such as 2026-11-01T00:00:00Z.';
  return parseInstant(text) ?? value.fail(`${JSON.stringify(text.slice(0, 40))} is no RFC 3339 instant in UTC`, hint);
}
