import { formatInstant, type Zone, zoneName } from '../format/time.ts';
import { useFrame } from '../live/use-frame.ts';
import { type Pane, valueText } from './pane.ts';

const rowsMax = 300;

/** The numbers of a chart, the youngest first. */
export function ChartTable(props: { readonly title: string; readonly panes: readonly Pane[]; readonly zone: Zone }) {
  const { title, panes, zone } = props;
  const first = panes[0];
  if (first === undefined) return null;
  return <Rows title={title} panes={panes} zone={zone} first={first} />;
}

function Rows(props: {
  readonly title: string;
  readonly panes: readonly Pane[];
  readonly zone: Zone;
  readonly first: Pane;
}) {
  const { title, panes, zone, first } = props;
  const { at } = useFrame(first.source);
  const frames = panes.map((pane) => ({ pane, frame: pane.source.read() }));
  const columns = frames.flatMap(({ pane, frame }) => frame.lines.map((line) => ({ pane, frame, line })));
  const shown = at
    .map((seconds, i) => ({ seconds, i }))
    .slice(-rowsMax)
    .reverse();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-scroll chart-table" aria-label={`${title}, as a table`} tabIndex={0}>
      <table>
        <caption className="hidden">
          {title}, {zoneName(zone)}
          {at.length > rowsMax ? `, the last ${rowsMax} of ${at.length} steps` : ''}
        </caption>
        <thead>
          <tr>
            <th scope="col">Time, {zoneName(zone)}</th>
            {columns.map(({ pane, line }) => (
              <th scope="col" className="right" key={`${pane.name} ${line.label}`}>
                {pane.name === line.label ? pane.name : `${pane.name}, ${line.label}`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ seconds, i }) => (
            <tr key={seconds}>
              <th scope="row" className="num">
                {formatInstant(seconds * 1_000, zone)}
              </th>
              {columns.map(({ pane, frame, line }) => (
                <td className="num right" key={`${pane.name} ${line.label}`}>
                  {valueText(pane, frame, line.own[i])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
