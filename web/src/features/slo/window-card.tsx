import type { WindowFigures } from '../../../../server/api/schema/slos.ts';
import { Icon } from '../../components/icon.tsx';
import { formatInZone, formatWindow } from '../../format/zone-time.ts';
import {
  affordText,
  budgetView,
  coverageView,
  exhaustionText,
  figureRows,
  forecastText,
  type Sli,
  slotsText,
  spentText,
  unsureText,
  wordsOfWindow,
} from './model.ts';
import { affordLook, BudgetBar } from './slo-words.tsx';
import { WordBadge } from './word-badge.tsx';

/** One window of an objective: what is left of it, and every integer behind that. */
export function WindowCard(props: {
  readonly title: string;
  readonly window: WindowFigures | null;
  readonly sli: Sli;
}) {
  const { title, window, sli } = props;
  return (
    <section className="panel" aria-label={title}>
      <header className="panel-head">
        <h2>{title}</h2>
        {window === null ? null : <WordBadge words={wordsOfWindow(window)} />}
      </header>
      {window === null ? (
        <p className="none unknown">Not judged: there is no such window, or its rows are still being read.</p>
      ) : (
        <WindowBody window={window} sli={sli} />
      )}
    </section>
  );
}

function WindowBody({ window, sli }: { readonly window: WindowFigures; readonly sli: Sli }) {
  const view = budgetView(window);
  const unsure = unsureText(view);
  const forecast = forecastText(window);
  return (
    <>
      <div className="window-body">
        <p className="muted num small">
          {formatWindow(window.window)} {window.window.zone}; rows up to{' '}
          {formatInZone(window.until.at, window.window.zone)}
        </p>
        <p className={`afford ${affordLook(view)}`}>{affordText(view, sli)}</p>
        <BudgetBar view={view} sli={sli} wide />
        <p className="num">
          {spentText(view, sli)} {unsure === null ? null : <span className="unknown">{unsure}</span>}
        </p>
        <dl className="pairs window-pairs">
          <dt>Spent at this pace</dt>
          <dd className="num">{exhaustionText(window)}</dd>
          <dt>Forecast</dt>
          <dd className="num">
            {forecast === null ? (
              <span className="unknown">too little known</span>
            ) : (
              <>
                {forecast.guess} <span className="muted">(estimate, {forecast.interval})</span>
              </>
            )}
          </dd>
          <dt>Known</dt>
          <dd>
            <Known window={window} />
          </dd>
        </dl>
      </div>
      <FigureTable window={window} sli={sli} />
      <p className="chart-note window-slots">{slotsText(window.figures)}</p>
    </>
  );
}

function Known({ window }: { readonly window: WindowFigures }) {
  const { text, floorText, reached } = coverageView(window);
  return (
    <>
      <span className="num">{text}</span>{' '}
      <span className={reached ? 'muted' : 'loss'}>
        {reached ? null : <Icon name="warn" size={12} />} ({floorText}
        {reached ? '' : ': nothing is called proven'})
      </span>
    </>
  );
}

function FigureTable({ window, sli }: { readonly window: WindowFigures; readonly sli: Sli }) {
  const rows = figureRows(window, sli);
  const excluded = rows.some(({ isDifferent }) => isDifferent);
  return (
    <div className="table-scroll">
      <table className="sums figures">
        <caption className="hidden">Figures of the window, with exclusions and without</caption>
        <thead>
          <tr>
            <th scope="col">Figure</th>
            <th scope="col" className="right">
              {excluded ? 'With exclusions' : 'Nothing excluded'}
            </th>
            {excluded ? (
              <th scope="col" className="right">
                As if there were none
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, note, agreed, without, isDifferent }) => (
            <tr key={name}>
              <th scope="row">
                {name} <span className="muted small">{note}</span>
              </th>
              <td className="num right">{agreed}</td>
              {excluded ? <td className={isDifferent ? 'num right' : 'num right muted'}>{without}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
