/** Writes series in the Prometheus text format 0.0.4: families in order, labels escaped, no timestamps. */

export type Labels = Readonly<Record<string, string>>;

export interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly samples: Iterable<readonly [labels: Labels, value: bigint | number]>;
}

export interface Exposition {
  readonly text: string;
  readonly series: number;
  /** Series left out because of the bound. */
  readonly truncated: number;
}

/** At most `seriesMax` series; what is beyond is counted, never silently gone. */
export function writeExposition(families: Iterable<Family>, seriesMax: number): Exposition {
  const lines: string[] = [];
  let series = 0;
  let truncated = 0;
  for (const { name, type, help, samples } of families) {
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of samples) {
      if (series >= seriesMax) {
        truncated++;
        continue;
      }
      series++;
      lines.push(`${name}${writeLabels(labels)} ${value}`);
    }
  }
  return { text: `${lines.join('\n')}\n`, series, truncated };
}

function writeLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
