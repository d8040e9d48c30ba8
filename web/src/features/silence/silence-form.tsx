import { Link } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import type { SilencePreview } from '../../../../server/api/schema/silences.ts';
import { useMakeSilence, usePreviewSilence } from '../../api/silences.ts';
import { useTenants } from '../../api/tenants.ts';
import { storedName, storeName } from '../../components/person-form.tsx';
import { Failure } from '../../components/states.tsx';
import { useUrl } from '../../url/use-url.ts';
import { alertName } from '../alert/model.ts';
import { bodyOfForm, coverText, durations, matchersText, previewOfForm } from './model.ts';

/** Makes a silence. What it would quiet now can be seen before. */
export function SilenceForm() {
  const url = useUrl();
  const make = useMakeSilence();
  const preview = usePreviewSilence();
  const [wrong, setWrong] = useState<string | null>(null);
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? '').trim();
    // Enter takes the first button: to look is harmless.
    if (submitter?.dataset['verb'] !== 'make') {
      const body = previewOfForm(text);
      setWrong('wrong' in body ? body.wrong : null);
      if (!('wrong' in body)) preview.mutate(body);
      return;
    }
    const body = bodyOfForm(text, url.nowMs());
    setWrong('wrong' in body ? body.wrong : null);
    if ('wrong' in body) return;
    storeName(body.by);
    make.mutate(body);
  }
  return (
    <section className="panel" aria-label="Make a silence">
      <header className="panel-head">
        <h2>Make a silence</h2>
        <span className="muted">
          What it matches is told to nobody while it lasts. It is judged and kept all the same.
        </span>
      </header>
      <form className="wide-form" onSubmit={submit} aria-label="Silence">
        <Fields key={matchersText(url.search)} />
        <p className="whole">
          <button type="submit" data-verb="preview" formNoValidate disabled={preview.isPending}>
            Which alerts would it quiet?
          </button>{' '}
          <button type="submit" data-verb="make" className="primary" disabled={make.isPending}>
            Silence
          </button>{' '}
          {wrong === null ? null : (
            <span role="alert" className="loss">
              {wrong}
            </span>
          )}
          {make.isSuccess ? <span role="status">Made: it stands in the list.</span> : null}
        </p>
      </form>
      {preview.data === undefined ? null : <Covered preview={preview.data} />}
      {[preview.error, make.error].map((error) =>
        error === null ? null : <Failure key={String(error)} error={error} />,
      )}
    </section>
  );
}

function Fields() {
  const { search } = useUrl();
  const tenants = useTenants().data?.items ?? [];
  const id = useId();
  const field = (name: string) => ({ id: `${id}${name}`, name });
  return (
    <>
      <span className="field whole">
        <label htmlFor={`${id}matchers`}>
          An alert must have, a line for each (slo=acme-gold, severity!=critical, slo=~acme-.*)
        </label>
        <textarea {...field('matchers')} rows={3} required defaultValue={matchersText(search)} />
      </span>
      <span className="field">
        <label htmlFor={`${id}tenant`}>Whose routes</label>
        <select {...field('tenant')} defaultValue={search.tenant ?? ''}>
          <option value="">the operator's</option>
          {tenants.map(({ name, displayName }) => (
            <option key={name} value={name}>
              {displayName}
            </option>
          ))}
        </select>
      </span>
      <span className="field">
        <label htmlFor={`${id}lasts`}>Lasts</label>
        <select {...field('lasts')} defaultValue="3600">
          {durations.map(([seconds, text]) => (
            <option key={seconds} value={seconds}>
              {text}
            </option>
          ))}
        </select>
      </span>
      <span className="field">
        <label htmlFor={`${id}from`}>From, UTC (empty: now)</label>
        <input {...field('from')} type="datetime-local" step={1} />
      </span>
      <span className="field">
        <label htmlFor={`${id}until`}>End, UTC</label>
        <input {...field('until')} type="datetime-local" step={1} />
      </span>
      <span className="field">
        <label htmlFor={`${id}by`}>Your name</label>
        <input {...field('by')} maxLength={200} required defaultValue={storedName()} />
      </span>
      <span className="field whole">
        <label htmlFor={`${id}comment`}>Why</label>
        <input {...field('comment')} maxLength={2_000} required />
      </span>
    </>
  );
}

function Covered({ preview }: { readonly preview: SilencePreview }) {
  const { carried } = useUrl();
  const { alerts, matched } = preview;
  return (
    <section className="told-message" aria-label="What it would quiet" aria-live="polite">
      <p className="afford num">{coverText(preview)}</p>
      {alerts.length === 0 ? null : (
        <ul className="causes">
          {alerts.map(({ fingerprint, labels, severity, breach }) => (
            <li key={fingerprint}>
              {breach === null ? (
                alertName(labels)
              ) : (
                <Link to="/breaches/$id" params={{ id: breach }} search={carried}>
                  {alertName(labels)}
                </Link>
              )}{' '}
              <span className="muted">{severity}</span>
            </li>
          ))}
        </ul>
      )}
      {matched > alerts.length ? <p className="muted">The first {alerts.length} are here.</p> : null}
    </section>
  );
}
