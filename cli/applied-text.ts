import type { AppliedObject } from '../server/api/schema/objects.ts';
import { printable } from '../server/slo/printable.ts';

/** What an apply did, or would do, for people: what stays as it is, is only counted. */
export function appliedText(changes: readonly AppliedObject[], dryRun: boolean): string {
  const news = changes.filter(({ change }) => change !== 'unchanged');
  const lines = news.flatMap((change) => [headOf(change), ...change.differences.flatMap(linesOf)]);
  const same = changes.length - news.length;
  if (same > 0) lines.push(`${same} unchanged`);
  if (dryRun && news.length > 0) lines.push('nothing was applied');
  return `${lines.join('\n')}\n`;
}

function headOf({ kind, name, change, version, from }: AppliedObject): string {
  const when = change === 'retired' ? `ends ${from}` : `version ${version} from ${from}`;
  return `${kind} ${name} ${change}: ${when}`;
}

function linesOf({ path, before, after }: AppliedObject['differences'][number]): string[] {
  return [
    ...(before === null ? [] : [`  - ${printable(`${path}: ${before}`)}`]),
    ...(after === null ? [] : [`  + ${printable(`${path}: ${after}`)}`]),
  ];
}
