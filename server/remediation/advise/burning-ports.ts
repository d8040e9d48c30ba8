import type { ObjectiveReading } from '../../judge/reading.ts';
import type { JudgedTerms } from '../../judge/terms.ts';

interface Judging {
  readings(): readonly ObjectiveReading[];
  terms(): readonly JudgedTerms[];
}

/** By host. */
export type BurningPorts = ReadonlyMap<string, readonly string[]>;

/** Ports whose service burns its budget at an instant (unix seconds): a tier of one of its objectives fires. */
export function burningPorts(judging: Judging, at: number): BurningPorts {
  const burning = judging.readings().filter(({ burn }) => burn.some(({ state }) => state === 'firing'));
  const names = new Set(burning.map(({ objective }) => objective.name));
  const ports = new Map<string, Set<string>>();
  for (const { version, placed } of judging.terms()) {
    if (!names.has(version.name)) continue;
    for (const { host, port, from, to } of placed)
      if (from <= at && at < to) ports.set(host, (ports.get(host) ?? new Set()).add(port));
  }
  return new Map([...ports].map(([host, own]) => [host, [...own].sort()]));
}
