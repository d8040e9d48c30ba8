import { dayOf } from '../seal/path-days.ts';
import { runSeconds, sealRuns } from '../seal/runs.ts';
import { daySeconds } from '../seal/seal-document.ts';
import { encodeLine, endOf, isoOf, type SlotLine } from '../seal/slot-line.ts';
import { Uplinks } from '../seal/uplinks.ts';
import { type Evaluation, evaluate } from '../slo/evaluate.ts';
import type { Span } from '../slo/objective.ts';
import { type SlotsFile, SlotsReader } from '../slo/slots-reader.ts';
import type { QueryContext } from '../store/run-query.ts';
import { rowsEnd } from './follower.ts';
import { outOfContract } from './in-service.ts';
import type { JudgeRequest } from './reading.ts';
import { byQuarter, placedPaths, readDay, within } from './stretch.ts';
import type { JudgedTerms } from './terms.ts';
import { withTerms } from './window-reading.ts';

type RowsRequest = Omit<JudgeRequest, 'exclusions' | 'terms'>;

/** The state at the start of a window may rest on what was before, days. */
const leadDays = 1;

/** The rows behind a window, as they stand in the store; those before it and behind it that matter included. */
export async function readWindow(
  store: QueryContext,
  terms: JudgedTerms,
  request: RowsRequest,
  now: number,
): Promise<SlotsFile> {
  const reader = new SlotsReader(terms.version.name, terms.objective.ports);
  const encoder = new TextEncoder();
  for await (const text of windowRows(store, terms, request, now)) reader.push(encoder.encode(text));
  return reader.end();
}

/** A window as it stands in the store, under its own terms or others. */
export async function judgeWindow(
  store: QueryContext,
  terms: JudgedTerms,
  request: JudgeRequest,
  now: number,
): Promise<Evaluation> {
  const { window, until = window.to } = request;
  const objective = withTerms(terms.objective, request.terms ?? {});
  const file = await readWindow(store, terms, request, now);
  const exclusions = [...outOfContract(terms.version, window), ...request.exclusions];
  return evaluate({ objective, exclusions, window, at: until, file });
}

/** The rows behind a window as lines of text, some at a time. */
export async function* windowRows(
  store: QueryContext,
  { objective, placed }: JudgedTerms,
  { window, until = window.to, verbatim }: RowsRequest,
  now: number,
): AsyncGenerator<string> {
  const end = Math.min(until < window.to ? until : rowsEnd(window), now);
  const lead = dayOf(window.from) - leadDays * daySeconds;
  const span = { from: verbatim === undefined ? lead : Math.min(lead, dayOf(verbatim.from)), to: end };
  const exact = verbatim === undefined ? undefined : { from: verbatim.from, to: Math.min(verbatim.to, end) };
  const told = new Set<string>();
  const uplinks = new Uplinks();
  for (const each of placed) {
    for (const path of await placedPaths(store, each, span)) {
      const of = { host: each.host, port: each.name, direction: path.direction };
      let done = 0;
      for (let day = span.from; day < end; day += daySeconds) {
        const isExact = exact !== undefined && exact.from < day + daySeconds && exact.to > day;
        const isLast = day + daySeconds > end;
        const step = isExact || isLast ? undefined : runSeconds;
        const lines = within(await readDay(store, path, day, { step, nowSeconds: now, uplinks }), {
          from: done,
          to: end,
        });
        done = Math.max(done, ...lines.slice(-1).map(endOf));
        const kept = step === undefined ? runsAround(lines, isExact ? exact : undefined, end) : sealRuns(lines);
        if (kept.length > 0) told.add(each.name);
        yield kept.map((line) => `${encodeLine(of, line)}\n`).join('');
      }
    }
  }
  for (const port of objective.ports) {
    if (told.has(port)) continue;
    const slot = isoOf(Math.max(0, end - 1));
    yield `${JSON.stringify({ port, direction: 'rx', slot, state: 'unknown' })}\n`;
  }
}

/** Quarters of an hour that are asked for, and the one in which the rows end, second by second; others in runs. */
function runsAround(lines: readonly SlotLine[], exact: Span | undefined, end: number): SlotLine[] {
  return [...byQuarter(lines)]
    .sort(([a], [b]) => a - b)
    .flatMap(([quarter, some]) => {
      const to = quarter + runSeconds;
      const isExact = to > end || (exact !== undefined && exact.from < to && exact.to > quarter);
      return isExact ? some : sealRuns(some);
    });
}
