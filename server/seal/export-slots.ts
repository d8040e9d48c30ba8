import { directions } from '../../core/catalogue/kind-parts.ts';
import { FourninesError } from '../../core/runtime/error.ts';
import { sealLines } from '../store/queries/seals.ts';
import { type QueryContext, runQuery } from '../store/run-query.ts';
import {
  dayLines,
  dayOf,
  directionsOf,
  type ListedSeal,
  notTwice,
  type PathDay,
  pathDays,
  type SlotSource,
  sealedLines,
} from './path-days.ts';
import { cutLines, leadIn, runSeconds } from './runs.ts';
import { daySeconds } from './seal-document.ts';
import { encodeLine, endOf, isoOf, type Path, type SlotLine } from './slot-line.ts';
import { Uplinks } from './uplinks.ts';

export interface ExportRequest {
  readonly host: string;
  readonly port: string;
  /** Undefined: every direction that has rows. */
  readonly direction: Path['direction'] | undefined;
  readonly from: number;
  readonly to: number;
  readonly source: SlotSource;
  /** The longest run of slots that the availability of an objective looks at; 0: nothing before the window. */
  readonly run: number;
  readonly nowSeconds: number;
}

/** Where the rows of an export come from, in days of paths. */
export interface ExportPlan {
  readonly paths: readonly PathPlan[];
  readonly rawDays: number;
  readonly sealedDays: number;
}

interface PathPlan {
  readonly path: Path;
  readonly days: readonly PathDay[];
}

/** Days before the window that may be read for the state at its start. */
const leadDays = 1;
const linesAtOnce = 20_000;

/**
 * Decides where each day comes from, and refuses what cannot be answered, before a line is written: FN_NOT_FOUND for a
 * port without rows, FN_QUERY_PARAMETER for an end of the window inside a sealed run.
 */
export async function planExport(store: QueryContext, request: ExportRequest): Promise<ExportPlan> {
  const { host, port, from, to } = request;
  const found = await directionsOf(store, { host, port }, { from, to });
  const wanted = directions.filter(
    (direction) => found.includes(direction) && (request.direction ?? direction) === direction,
  );
  if (wanted.length === 0) {
    const when = `from ${isoOf(from)} to ${isoOf(to)}`;
    throw new FourninesError('FN_NOT_FOUND', `there are no rows of port ${port} on ${host} ${when}`, {
      context: { host, port },
    });
  }
  const paths: PathPlan[] = [];
  for (const direction of wanted) paths.push(await planPath(store, { host, port, direction }, request));
  const inWindow = paths.flatMap(({ days }) => days.filter((day) => day.from + daySeconds > from));
  const sealedDays = inWindow.filter(({ seal }) => seal !== undefined).length;
  return { paths, rawDays: inWindow.length - sealedDays, sealedDays };
}

async function planPath(store: QueryContext, path: Path, request: ExportRequest): Promise<PathPlan> {
  const { from, to } = request;
  const first = dayOf(from) - (request.run > 0 ? leadDays * daySeconds : 0);
  const days = await pathDays(store, path, { from: first, to }, request);
  for (const at of [from, to]) await refuseCutRun(store, path, days, at);
  return { path, days };
}

/** Runs end at each quarter of an hour; elsewhere an end of the window may lie inside one. */
async function refuseCutRun(store: QueryContext, path: Path, days: readonly PathDay[], at: number): Promise<void> {
  const seal = days.find((day) => day.from === dayOf(at))?.seal;
  if (at % runSeconds === 0 || seal === undefined) return;
  for await (const line of sealedLines(store, path, seal, { from: at - 1, to: at + 1 })) {
    if (line.state !== 'sealed' || line.slot >= at || endOf(line) <= at) continue;
    throw new FourninesError(
      'FN_QUERY_PARAMETER',
      `${isoOf(at)} lies inside a sealed run (${isoOf(line.slot)} to ${isoOf(endOf(line))}), which cannot be cut`,
      { hint: 'Choose ends on a quarter of an hour: no sealed run crosses one.', context: { at: isoOf(at) } },
    );
  }
}

/** The lines of the file, each with its line break, some at a time; first what the state at the window's start needs. */
export async function* exportSlots(
  store: QueryContext,
  plan: ExportPlan,
  { from, to, run }: Pick<ExportRequest, 'from' | 'to' | 'run'>,
): AsyncGenerator<string> {
  const uplinks = new Uplinks();
  for (const { path, days } of plan.paths) {
    if (run > 0) yield textOf(path, await lead(store, path, days, { from, run, uplinks }));
    let told = from;
    for (const day of days.filter(({ from: first }) => first + daySeconds > from)) {
      const window = { from: Math.max(from, day.from), to };
      for await (const lines of dayLines(store, path, day, { window, uplinks })) {
        const cut = notTwice(cutLines(lines, { from, to }).lines, told);
        told = Math.max(told, ...cut.map(endOf).slice(-1));
        yield textOf(path, cut);
      }
    }
  }
}

async function lead(
  store: QueryContext,
  path: Path,
  days: readonly PathDay[],
  { from, run, uplinks }: { readonly from: number; readonly run: number; readonly uplinks: Uplinks },
): Promise<readonly SlotLine[]> {
  let lines: SlotLine[] = [];
  for (const day of days.filter((each) => each.from < from).reverse()) {
    const earlier: SlotLine[] = [];
    const window = { from: day.from, to: from };
    for await (const some of dayLines(store, path, day, { window, uplinks })) earlier.push(...some);
    lines = [...cutLines(earlier, { from: day.from, to: Math.min(from, day.from + daySeconds) }).lines, ...lines];
    const found = leadIn(lines, run);
    if (found.settled) return found.lines;
  }
  return lines;
}

function textOf(path: Path, lines: readonly SlotLine[]): string {
  return lines.map((line) => `${encodeLine(path, line)}\n`).join('');
}

/** The text of a seal as it is hashed, header first, some lines at a time; undefined lines have aged out. */
export async function* sealText(store: QueryContext, path: Path, seal: ListedSeal): AsyncGenerator<string> {
  yield `${seal.header}\n`;
  for (let afterN = 0; ; ) {
    const asked = { ...path, from: 0, to: 0xffff_ffff, day: seal.day, sha256: seal.sha256, afterN, limit: linesAtOnce };
    const rows = await runQuery(store, sealLines, asked);
    yield rows.map(({ line }) => `${line}\n`).join('');
    if (rows.length < linesAtOnce) return;
    afterN = rows.at(-1)?.n ?? afterN;
  }
}
