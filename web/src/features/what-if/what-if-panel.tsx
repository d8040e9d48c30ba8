import { type FormEvent, useId } from 'react';
import type { SloDetail, WhatIf, WhatIfBody } from '../../../../server/api/schema/slos.ts';
import { useWhatIf } from '../../api/slos.ts';
import { Failure, Loading } from '../../components/states.tsx';
import { formatCount } from '../../format/count.ts';
import { formatWindow } from '../../format/zone-time.ts';
import { unitOf } from '../slo/model.ts';
import { VerdictBadge } from '../slo/slo-words.tsx';
import { sideText, whatIfSentences } from './model.ts';

const lookBackDays = 30;

/** Other terms over the last days: what would have come of them. Nothing is changed by asking. */
export function WhatIfPanel({ slo }: { readonly slo: SloDetail }) {
  const ask = useWhatIf(slo.name);
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    ask.mutate(bodyOf(new FormData(event.currentTarget), slo));
  }
  return (
    <section className="panel" aria-label="What if">
      <header className="panel-head">
        <h2>What if</h2>
        <span className="muted">Other terms over the last {lookBackDays} days; nothing is changed by asking.</span>
      </header>
      <form className="line-form" onSubmit={submit}>
        <Field
          label="Target"
          name="target"
          value={slo.target}
          inputMode="decimal"
          pattern="(0(\.[0-9]{1,30})?|1(\.0+)?)"
        />
        {slo.lossRatioMax === null ? null : (
          <Field
            label="Lossy above (C)"
            name="lossRatioMax"
            value={slo.lossRatioMax}
            inputMode="decimal"
            pattern="0(\.[0-9]{1,30})?"
          />
        )}
        {slo.run === null ? null : (
          <Field
            label="Seconds in a row (n)"
            name="run"
            value={`${slo.run}`}
            inputMode="numeric"
            pattern="[0-9]{1,4}"
          />
        )}
        <button type="submit" className="primary" disabled={ask.isPending}>
          {ask.isPending ? 'Reading the rows…' : 'Compute'}
        </button>
      </form>
      {ask.isPending ? <Loading what="what if" rows={3} /> : null}
      {ask.error === null ? null : <Failure error={ask.error} />}
      {ask.data === undefined || ask.isPending ? null : <Answer answer={ask.data} slo={slo} />}
    </section>
  );
}

function Field(props: {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly inputMode: 'decimal' | 'numeric';
  readonly pattern: string;
}) {
  const { label, name, value, inputMode, pattern } = props;
  const id = useId();
  return (
    <span className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} name={name} defaultValue={value} inputMode={inputMode} pattern={pattern} required size={14} />
    </span>
  );
}

/** Decimals go as they were typed: the server reads the digits, and nothing here rounds them. */
function bodyOf(form: FormData, slo: SloDetail): WhatIfBody {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  return {
    target: text('target'),
    ...(slo.run === null ? {} : { run: Number(text('run')) }),
    ...(slo.lossRatioMax === null ? {} : { lossRatioMax: text('lossRatioMax') }),
    days: lookBackDays,
  };
}

function Answer({ answer, slo }: { readonly answer: WhatIf; readonly slo: SloDetail }) {
  const unit = unitOf(slo.sli);
  const sides = [
    ['As it is', answer.asIs],
    ['What if', answer.whatIf],
  ] as const;
  return (
    <div role="status">
      <p className="what-if-words">{whatIfSentences(answer, slo.sli).join(' ')}</p>
      <div className="table-scroll">
        <table className="sums">
          <caption className="hidden">As it is, and what if</caption>
          <thead>
            <tr>
              <th scope="col">Terms</th>
              {[`Bad ${unit}, high`, `Bad ${unit}, low`, 'Allowed', 'Left'].map((name) => (
                <th scope="col" className="right" key={name}>
                  {name}
                </th>
              ))}
              <th scope="col">Verdict</th>
            </tr>
          </thead>
          <tbody>
            {sides.map(([name, side]) => (
              <tr key={name}>
                <th scope="row">
                  {name}: <span className="num">{sideText(side)}</span>
                </th>
                <td className="num right">{formatCount(side.figures.high.bad)}</td>
                <td className="num right">{formatCount(side.figures.low.bad)}</td>
                <td className="num right">{formatCount(side.figures.budget.allowed)}</td>
                <td className="num right">{formatCount(side.figures.budget.remaining)}</td>
                <td>
                  <VerdictBadge verdict={side.figures.verdict} sli={slo.sli} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="chart-note">Window {formatWindow({ ...answer.window, zone: 'UTC' })} UTC</p>
    </div>
  );
}
