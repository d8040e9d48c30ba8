import { Link } from '@tanstack/react-router';
import type { ExclusionDetail } from '../../../../server/api/schema/exclusions.ts';
import { formatCount } from '../../format/count.ts';
import { formatWindow } from '../../format/zone-time.ts';
import { useUrl } from '../../url/use-url.ts';
import { verdictWords, wordsSoFar } from '../slo/model.ts';
import { WordBadge } from '../slo/word-badge.tsx';
import { effectText } from './model.ts';

/** Each figure without the exclusion and with it, in the window in which it begins. */
export function EffectTable({ exclusion }: { readonly exclusion: ExclusionDetail }) {
  const { carried, nowMs } = useUrl();
  const effects = exclusion.effect;
  const now = nowMs();
  return (
    <section className="panel" aria-label="Effect">
      <header className="panel-head">
        <h2>{exclusion.state === 'approved' ? 'What it changes' : 'What it would change'}</h2>
        <span className="muted">In the window in which it begins.</span>
      </header>
      {effects.length === 0 ? (
        <p className="none">No objective of this service has a window that it touches and that has begun.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
        <section className="table-scroll" aria-label="Effect by objective" tabIndex={0}>
          <table className="sums">
            <caption className="hidden">Effect by objective, without and with</caption>
            <thead>
              <tr>
                <th scope="col">Objective</th>
                <th scope="col">Reading</th>
                {['Bad, high', 'Bad, low', 'All, high', 'Allowed', 'Left', 'Excluded path-seconds'].map((name) => (
                  <th scope="col" className="right" key={name}>
                    {name}
                  </th>
                ))}
                <th scope="col">Verdict</th>
              </tr>
            </thead>
            <tbody>
              {effects.flatMap((found) => [
                <tr key={`${found.slo} without`}>
                  <th scope="rowgroup" rowSpan={2}>
                    <Link to="/objectives/$slo" params={{ slo: found.slo }} search={carried}>
                      {found.slo}
                    </Link>
                    <br />
                    <span className="muted small">{effectText(found)}</span>
                    <br />
                    <span className="muted small num">
                      {formatWindow(found.window)} {found.window.zone}
                    </span>
                  </th>
                  <Side name="without it" figures={found.without} runs={Date.parse(found.window.to) > now} />
                </tr>,
                <tr key={`${found.slo} with`}>
                  <Side name="with it" figures={found.with} runs={Date.parse(found.window.to) > now} />
                </tr>,
              ])}
            </tbody>
          </table>
        </section>
      )}
      {exclusion.notJudged.map(({ slo, code, reason }) => (
        <p className="none" key={slo}>
          <span className="unknown">{slo} was not judged</span>: {reason} <code>{code}</code>
        </p>
      ))}
    </section>
  );
}

type Figures = ExclusionDetail['effect'][number]['with'];

function Side(props: { readonly name: string; readonly figures: Figures; readonly runs: boolean }) {
  const { name, figures, runs } = props;
  return (
    <>
      <td>{name}</td>
      <td className="num right">{formatCount(figures.high.bad)}</td>
      <td className="num right">{formatCount(figures.low.bad)}</td>
      <td className="num right">{formatCount(figures.high.total)}</td>
      <td className="num right">{formatCount(figures.budget.allowed)}</td>
      <td className="num right">{formatCount(figures.budget.remaining)}</td>
      <td className="num right">{formatCount(`${figures.slots.excluded}`)}</td>
      <td>
        <WordBadge words={runs ? wordsSoFar(figures.verdict) : verdictWords[figures.verdict]} />
      </td>
    </>
  );
}
