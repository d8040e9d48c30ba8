import { readObjective } from '../../../../server/openslo/objective-file.ts';
import { type Evaluation, evaluate, type Question } from '../../../../server/slo/evaluate.ts';
import { evaluationJson } from '../../../../server/slo/evaluation-json.ts';
import { isoOf, parseInstant } from '../../../../server/slo/instant.ts';
import type { Exclusion, SliName } from '../../../../server/slo/objective.ts';
import { type SlotsFile, SlotsReader } from '../../../../server/slo/slots-reader.ts';
import { judgedAt } from '../../../../server/slo/window.ts';

export const second = (text: string): number => {
  const instant = parseInstant(text);
  if (instant === undefined) throw new Error(`${text} is no instant`);
  return instant.second;
};

/** November in UTC: 30 days of 86,400 slots. */
export const november = second('2026-11-01T00:00:00Z');

export interface Asked {
  readonly sli?: SliName;
  readonly ports?: readonly string[];
  readonly lossRatioMax?: string;
  readonly run?: number;
  readonly target?: string;
  /** A calendar window: duration, local start, zone. */
  readonly calendar?: readonly [string, string, string];
  readonly rolling?: string;
}

const month = ['1M', '2026-11-01 00:00:00', 'UTC'] as const;

/** The text of an objective file. */
export function objectiveText(asked: Asked = {}): string {
  const { sli = 'availability', ports = ['p1'], lossRatioMax = '0.10', run = 5, target = '0.9999' } = asked;
  const [duration, startTime, timeZone] = asked.calendar ?? month;
  const rest = {
    packetDelivery: '',
    availability: `, lossRatioMax: "${lossRatioMax}", run: ${run}`,
    cleanSlots: `, lossRatioMax: "${lossRatioMax}"`,
  }[sli];
  const window =
    asked.rolling === undefined
      ? `{ duration: ${duration}, isRolling: false, calendar: { startTime: "${startTime}", timeZone: ${timeZone} } }`
      : `{ duration: ${asked.rolling}, isRolling: true }`;
  return `apiVersion: openslo/v1
kind: SLO
metadata: { name: acme }
spec:
  service: acme
  indicator:
    metadata: { name: delivered }
    spec:
      thresholdMetric:
        metricSource:
          type: fournines
          spec: { sli: ${sli}, ports: ${JSON.stringify(ports)}${rest} }
  timeWindow: [${window}]
  budgetingMethod: ${sli === 'packetDelivery' ? 'Occurrences' : 'Timeslices'}
  objectives: [{ target: ${target} }]
`;
}

export type Line = Readonly<Record<string, unknown>>;

/** An observed slot of p1 toGuest in which `bad` packets were lost by the provider. */
export function seen(slot: number, offered: number | bigint, bad: number | bigint = 0, over: Line = {}): Line {
  const drops = BigInt(bad) === 0n ? [] : [{ cause: 'vhost_ring_full', owner: 'provider', packets: String(bad) }];
  const delivered = String(BigInt(offered) - BigInt(bad));
  const path = { port: 'p1', direction: 'toGuest', slot: isoOf(slot) };
  return { ...path, state: 'observed', offered: String(offered), delivered, drops, ...over };
}

export function gap(slot: number, slots: number, offered: number, bad = 0, over: Line = {}): Line {
  return seen(slot, offered, bad, { state: 'bridged', slots, ...over });
}

export function unseen(slot: number, repeat = 1, over: Line = {}): Line {
  return { port: 'p1', direction: 'toGuest', slot: isoOf(slot), state: 'unknown', repeat, ...over };
}

export function sealed(slot: number, slots: number, each: number, over: Line = {}): Line {
  const totals = { offered: String(each * slots), delivered: String(each * slots), offeredMax: String(each) };
  return seen(slot, 0, 0, { state: 'sealed', class: each < 10 ? 'idle' : 'clean', slots, ...totals, ...over });
}

export const textOf = (lines: readonly Line[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');

export function read(text: string | Uint8Array, ports: readonly string[] = ['p1'], pieceBytes = 64): SlotsFile {
  const reader = new SlotsReader('slots.ndjson', ports);
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  for (let from = 0; from < bytes.length; from += pieceBytes) reader.push(bytes.slice(from, from + pieceBytes));
  return reader.end();
}

export interface AskedAlso {
  readonly exclusions?: readonly Exclusion[];
  readonly at?: number;
}

export function question(
  lines: readonly Line[] | string,
  asked: Asked = {},
  also: AskedAlso = {},
): Question & { readonly at: number } {
  const objective = readObjective('slo.yaml', objectiveText(asked));
  const text = typeof lines === 'string' ? lines : textOf(lines);
  const file = read(text, objective.ports, 1 << 16);
  return { objective, exclusions: also.exclusions ?? [], ...judgedAt(objective, also.at), file };
}

export function ask(lines: readonly Line[] | string, asked: Asked = {}, also: AskedAlso = {}): Evaluation {
  return evaluate(question(lines, asked, also));
}

/** The printed JSON, parsed. */
export function answerOf(asked: Question & { readonly at: number }): Record<string, unknown> {
  return JSON.parse(evaluationJson(asked, evaluate(asked))) as Record<string, unknown>;
}

export function excluded(from: number, to: number): Exclusion {
  return { from, to, category: 'maintenance', reason: 'new firmware', approvedBy: 'acme' };
}
