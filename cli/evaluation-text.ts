import type { Ratio } from '../server/slo/decimal.ts';
import type { Evaluation, Question } from '../server/slo/evaluate.ts';
import { isoOf } from '../server/slo/instant.ts';
import { isOfSlots } from '../server/slo/objective.ts';
import { printable } from '../server/slo/printable.ts';
import type { Verdict } from '../server/slo/verdict.ts';

const sentences: Record<Verdict, string> = {
  met: 'MET: even if all that nobody knows was bad',
  breached: 'BREACHED: even without all that nobody knows',
  undetermined: 'UNDETERMINED: what nobody knows decides',
  noTraffic: 'NO TRAFFIC: every slot is known, and none has traffic to judge',
};

/** A verdict for people. Its form may change; --json is the stable one. */
export function evaluationText(question: Question & { readonly at: number }, evaluation: Evaluation): string {
  const { objective, window, file, at } = question;
  const { slots, high, low, budget, highLoss } = evaluation;
  const unit = isOfSlots(objective.sli) ? 'slots' : 'packets';
  const paths = file.paths.map(({ port, direction }) => `${port} ${direction}`);
  const shown = paths.length > 6 ? [...paths.slice(0, 6), `and ${paths.length - 6} more`] : paths;
  return [
    `${objective.name}: ${sentences[evaluation.verdict]}`,
    `${objective.sli.sli} of at least ${decimalText(objective.target)}, ${isoOf(window.from)} to ${isoOf(window.to)} (${window.zone})`,
    `paths: ${shown.join(', ')}; ${file.lines} lines read from ${file.name}`,
    '',
    ...columns([
      ['', `${unit} in all`, 'bad'],
      ['high (unknown not counted against)', String(high.total), String(high.bad)],
      ['low (unknown counted as bad)', String(low.total), String(low.bad)],
    ]),
    `budget: ${budget.allowed} allowed, ${budget.spent} spent, ${budget.remaining} left`,
    ...(highLoss === undefined ? [] : [`high-loss intervals: ${highLoss.hli}, consecutive: ${highLoss.chli}`]),
    '',
    ...columns([Object.keys(slots).map((name) => `${name} slots`), Object.values(slots).map(String)]),
    ...exclusionLines(question),
    '',
    `burn at ${isoOf(at)}`,
    ...columns([
      ['', 'long', 'short', 'fires at', 'state'],
      ...evaluation.burn.map(({ tier, long, short, threshold, state }) => {
        return [tier, `${long.bad}/${long.total}`, `${short.bad}/${short.total}`, `${threshold}x`, state];
      }),
    ]),
  ]
    .map(printable)
    .join('\n');
}

function exclusionLines({ exclusions, window }: Question): string[] {
  return exclusions.map(({ from, to, category, reason, approvedBy }) => {
    const slots = Math.max(0, Math.min(to, window.to) - Math.max(from, window.from));
    const where = slots === 0 ? 'outside the window' : `${slots} slots of the window`;
    return `excluded ${isoOf(from)} to ${isoOf(to)}, ${where}: ${category}, ${reason} (approved by ${approvedBy})`;
  });
}

function decimalText({ num, den }: Ratio): string {
  const places = String(den).length - 1;
  const digits = String(num).padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
