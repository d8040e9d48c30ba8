import { Link } from '@tanstack/react-router';
import { type FormEvent, type InputHTMLAttributes, useId, useState } from 'react';
import { useRequestExclusion } from '../../api/exclusions.ts';
import { storedName, storeName } from '../../components/person-form.tsx';
import { Failure } from '../../components/states.tsx';
import { useUrl } from '../../url/use-url.ts';
import { bodyOfForm, categoryNames } from './model.ts';

/** Asks for time to be left out. It excludes nothing until somebody else approves it. */
export function RequestForm({ services }: { readonly services: readonly string[] }) {
  const { carried } = useUrl();
  const request = useRequestExclusion();
  const [wrong, setWrong] = useState<string | null>(null);
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body = bodyOfForm((name) => String(form.get(name) ?? '').trim());
    setWrong('wrong' in body ? body.wrong : null);
    if ('wrong' in body) return;
    storeName(body.requestedBy);
    request.mutate(body);
  }
  return (
    <section className="panel" aria-label="Ask for an exclusion">
      <header className="panel-head">
        <h2>Ask for an exclusion</h2>
        <span className="muted">
          Times in UTC, on quarters of an hour; the end is not part of it. Another person approves it.
        </span>
      </header>
      <form className="wide-form" onSubmit={submit}>
        <RequestFields services={services} />
        <p className="whole">
          <button type="submit" className="primary" disabled={request.isPending}>
            Ask
          </button>{' '}
          {wrong === null ? null : (
            <span role="alert" className="loss">
              {wrong}
            </span>
          )}
          {request.data === undefined ? null : (
            <span role="status">
              Asked for:{' '}
              <Link to="/exclusions/$id" params={{ id: request.data.id }} search={carried}>
                see what it would change
              </Link>
            </span>
          )}
        </p>
      </form>
      {request.error === null ? null : <Failure error={request.error} />}
    </section>
  );
}

function RequestFields({ services }: { readonly services: readonly string[] }) {
  const { search } = useUrl();
  const id = useId();
  return (
    <>
      <Field
        label="Service"
        name="service"
        required
        maxLength={255}
        list={`${id}s`}
        defaultValue={search.service ?? ''}
      />
      <datalist id={`${id}s`}>
        {services.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Field label="From, UTC" name="from" type="datetime-local" step={900} required />
      <Field label="To, UTC" name="to" type="datetime-local" step={900} required />
      <span className="field">
        <label htmlFor={`${id}c`}>Category</label>
        <select id={`${id}c`} name="category" defaultValue="maintenance">
          {Object.entries(categoryNames).map(([name, text]) => (
            <option key={name} value={name}>
              {text}
            </option>
          ))}
        </select>
      </span>
      <Field label="Your name" name="by" required maxLength={255} defaultValue={storedName()} />
      <span className="field whole">
        <label htmlFor={`${id}r`}>Reason</label>
        <textarea id={`${id}r`} name="reason" rows={2} maxLength={2000} required />
      </span>
      <Field label="Tenant was told at, UTC" name="noticeAt" type="datetime-local" step={1} />
      <Field label="Where that can be seen" name="noticeReference" maxLength={2000} placeholder="ticket, mail, page" />
    </>
  );
}

function Field({ label, ...input }: { readonly label: string } & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <span className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...input} />
    </span>
  );
}
