import type { Burn, Slo, Verdict, WindowFigures } from '../../../../server/api/schema/slos.ts';
import { Icon } from '../../components/icon.tsx';
import {
  type BudgetView,
  burnSentence,
  burnText,
  coverageView,
  type Sli,
  spentText,
  stateWords,
  unsureText,
  wordsOfVerdict,
} from './model.ts';
import { WordBadge } from './word-badge.tsx';

/** Small parts that say one thing of an objective, alike on every page. */

export function SloState({ state }: { readonly state: Slo['state'] }) {
  return <WordBadge words={stateWords[state]} />;
}

/** `runs`: the window goes on, so that this is not the last word. */
export function VerdictBadge(props: { readonly verdict: Verdict; readonly sli: Sli; readonly runs?: boolean }) {
  const { verdict, sli, runs = false } = props;
  return <WordBadge words={wordsOfVerdict(verdict, { runs, sli })} />;
}

export function affordLook({ basis, left }: BudgetView): string {
  if (basis !== 'seen') return 'unknown';
  return left <= 0n ? 'num loss' : 'num';
}

/** Spent solid, what may have been spent hatched, the rest empty. The words beside it say the same. */
export function BudgetBar({
  view,
  sli,
  wide = false,
}: {
  readonly view: BudgetView;
  readonly sli: Sli;
  readonly wide?: boolean;
}) {
  const over = view.left < 0n;
  return (
    <span
      className={`budget-bar${wide ? ' wide' : ''}${over ? ' over' : ''}`}
      title={[spentText(view, sli), unsureText(view)].filter((text) => text !== null).join('; ')}
    >
      <i className="seg-spent" style={{ width: `${view.spentWidth}%` }} />
      <i className="seg-unknown" style={{ width: `${view.unsureWidth}%` }} />
    </span>
  );
}

/** Five marks, told apart by form: full and high fires, hatched is frozen, low and open is quiet. */
export function BurnMarks({ burn }: { readonly burn: readonly Burn[] }) {
  const text = burnText(burn);
  return (
    <span className="burn" title={burnSentence(burn)}>
      <span className="burn-marks" aria-hidden="true">
        {burn.map(({ tier, state }) => (
          <i key={tier} className={`burn-${state}`} />
        ))}
      </span>
      <span className={text.endsWith('fires') ? 'loss' : text === 'quiet' ? 'muted' : 'unknown'} aria-hidden="true">
        {text}
      </span>
      <span className="hidden">{burn.length === 0 ? text : burnSentence(burn)}</span>
    </span>
  );
}

export function CoverageWords({ window }: { readonly window: WindowFigures }) {
  const { text, floorText, reached } = coverageView(window);
  return (
    <>
      <span className="num">{text}</span>
      <span className={reached ? 'second' : 'second loss'}>
        {reached ? null : <Icon name="warn" size={11} />} {floorText}
      </span>
    </>
  );
}
