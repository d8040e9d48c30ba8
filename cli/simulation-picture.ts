import type { Simulation } from './simulation.ts';
import { type PlannerTotal, scoreTable, type Table } from './simulation-table.ts';
import { described } from './simulation-text.ts';
import { causeTable, leftToHumans, verdictOf, whileTable } from './simulation-verdict.ts';

const width = 640;
const rowHeight = 34;
const left = 130;
const barMost = 380;

/** One page that needs nothing else: two charts of bars, the tables they are drawn from, and what was to come of it. */
export function simulationPicture(simulation: Simulation, totals: readonly PlannerTotal[]): string {
  const about = [described(simulation, totals), ...verdictOf(totals)];
  const charts = [
    chart('Seconds of ports lost', totals, ({ lostSeconds }) => lostSeconds),
    chart('Queues moved by acts', totals, ({ moves }) => moves),
  ];
  const tables = [
    tableOf('What became of it', scoreTable(totals)),
    tableOf('Seconds lost, by cause', causeTable(totals)),
    tableOf('What ours was doing in curable seconds', whileTable(totals)),
  ];
  const left = leftToHumans(totals);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Planners side by side</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; max-width: 64rem; margin: 2rem auto; padding: 0 1rem; }
svg { max-width: 100%; height: auto; display: block; }
.scroll { overflow-x: auto; margin-top: 1.5rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .7rem; border-bottom: 1px solid #c8ccd1; text-align: right; }
th:first-child { text-align: left; white-space: nowrap; }
</style>
</head>
<body>
<h1>Planners side by side</h1>
${about.map((line) => `<p>${escaped(line)}</p>`).join('\n')}
${charts.join('\n')}
${tables.join('\n')}
${left === null ? '' : `<p>${escaped(left)}</p>`}
</body>
</html>
`;
}

/** A table without rows is left out. */
function tableOf(title: string, [header = [], ...rows]: Table): string {
  if (rows.length === 0) return '';
  const cells = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? `<th scope="row">${escaped(cell)}</th>` : `<td>${escaped(cell)}</td>`)).join('');
  return `<h2>${escaped(title)}</h2>
<div class="scroll" role="region" aria-label="${escaped(title)}" tabindex="0">
<table>
<thead><tr>${header.map((each) => `<th scope="col">${escaped(each)}</th>`).join('')}</tr></thead>
<tbody>
${rows.map((row) => `<tr>${cells(row)}</tr>`).join('\n')}
</tbody>
</table>
</div>`;
}

function chart(title: string, totals: readonly PlannerTotal[], of: (scores: PlannerTotal['scores']) => number): string {
  const id = title.toLowerCase().replaceAll(' ', '-');
  const most = Math.max(1, ...totals.map(({ scores }) => of(scores)));
  const said = totals.map(({ planner, scores }) => `${planner} ${of(scores)}`).join(', ');
  const bars = totals.map(({ planner, scores }, i) => {
    const y = i * rowHeight;
    const bar = Math.floor((of(scores) * barMost) / most);
    const fill = planner === 'ours' ? '#0b5fa5' : '#6b7785';
    return [
      `<text x="${left - 10}" y="${y + 22}" text-anchor="end">${escaped(planner)}</text>`,
      `<rect x="${left}" y="${y + 5}" width="${bar}" height="${rowHeight - 10}" fill="${fill}"/>`,
      `<text x="${left + bar + 8}" y="${y + 22}">${of(scores)}</text>`,
    ].join('');
  });
  const height = totals.length * rowHeight;
  return `<h2>${escaped(title)}</h2>
<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id} ${id}-said" font-size="15">
<title id="${id}">${escaped(title)}</title><desc id="${id}-said">${escaped(said)}</desc>
${bars.join('\n')}
</svg>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
