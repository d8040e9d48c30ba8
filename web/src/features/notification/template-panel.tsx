import { type FormEvent, useId } from 'react';
import type { TemplatePreview } from '../../../../server/api/schema/alerting.ts';
import { usePreview } from '../../api/alerting.ts';
import { Failure } from '../../components/states.tsx';
import { exampleTemplate, previewBody } from './model.ts';

/** A template and what a receiver would read by it. It is kept nowhere: it holds once the document has it. */
export function TemplatePanel() {
  const preview = usePreview();
  const id = useId();
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    preview.mutate(previewBody((name) => String(form.get(name) ?? '')));
  }
  return (
    <section className="panel" aria-label="Preview of a template">
      <header className="panel-head">
        <h2>Preview of a template</h2>
        <span className="muted">
          What is left empty is said in the built-in words. Nothing is sent, and nothing kept.
        </span>
      </header>
      <form className="wide-form" onSubmit={submit} aria-label="Template">
        <span className="field whole">
          <label htmlFor={`${id}t`}>Title</label>
          <input id={`${id}t`} name="title" maxLength={8_192} defaultValue={exampleTemplate.title} />
        </span>
        <span className="field whole">
          <label htmlFor={`${id}x`}>Text</label>
          <textarea id={`${id}x`} name="text" rows={7} maxLength={8_192} defaultValue={exampleTemplate.text} />
        </span>
        <span className="field">
          <label htmlFor={`${id}l`}>Language</label>
          <input id={`${id}l`} name="language" maxLength={40} placeholder="en" />
        </span>
        <span className="field">
          <label htmlFor={`${id}z`}>Time zone</label>
          <input id={`${id}z`} name="zone" maxLength={60} placeholder="UTC" />
        </span>
        <p className="whole">
          <button type="submit" className="primary" disabled={preview.isPending}>
            Show what would be read
          </button>
        </p>
      </form>
      {preview.data === undefined ? null : <Message preview={preview.data} />}
      {preview.error === null ? null : <Failure error={preview.error} />}
    </section>
  );
}

function Message({ preview: { title, text, language, notices } }: { readonly preview: TemplatePreview }) {
  return (
    <section className="told-message" aria-label="What would be read" aria-live="polite">
      <p className="muted">Of a sample, in the words of “{language}”:</p>
      <p className="afford">{title}</p>
      <pre lang={language}>{text}</pre>
      {notices.map(({ code, message }) => (
        <p className="loss" key={`${code} ${message}`}>
          {message}
        </p>
      ))}
    </section>
  );
}
