import { type FormEvent, type ReactNode, useId, useState } from 'react';

/** The name given last on this machine: who is called at night types it once. */
const storageKey = 'fournines.person';

/** The comment may be empty. */
export interface Said {
  readonly by: string;
  readonly comment: string;
}

interface PersonFormProps<Verb extends string> {
  readonly label: string;
  /** What may be done, each with the words of its button; the first one is what is expected. */
  readonly verbs: readonly (readonly [verb: Verb, text: string])[];
  readonly pending: boolean;
  readonly commentLabel?: string;
  readonly commentRequired?: boolean;
  readonly children?: ReactNode;
  send(verb: Verb, said: Said): void;
}

/** Who does it, and why. The name is believed, not proven: it stands in the record beside what was done. */
export function PersonForm<Verb extends string>(props: PersonFormProps<Verb>) {
  const { label, verbs, pending, commentLabel = 'Comment', commentRequired = false, children, send } = props;
  const [by, setBy] = useState(storedName);
  const nameId = useId();
  const commentId = useId();
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    const [verb] = verbs.find(([name]) => name === submitter?.dataset['verb']) ?? verbs[0] ?? [];
    if (verb === undefined) return;
    storeName(by.trim());
    send(verb, { by: by.trim(), comment: String(new FormData(event.currentTarget).get('comment') ?? '').trim() });
  }
  return (
    <form className="line-form" onSubmit={submit} aria-label={label}>
      <span className="field">
        <label htmlFor={nameId}>Your name</label>
        <input id={nameId} value={by} maxLength={200} required onChange={(event) => setBy(event.target.value)} />
      </span>
      <span className="field grow">
        <label htmlFor={commentId}>{commentLabel}</label>
        <input id={commentId} name="comment" maxLength={2000} required={commentRequired} />
      </span>
      {verbs.map(([verb, text], i) => (
        <button
          key={verb}
          type="submit"
          data-verb={verb}
          className={i === 0 ? 'primary' : undefined}
          disabled={pending}
        >
          {text}
        </button>
      ))}
      {children}
    </form>
  );
}

export function storedName(): string {
  try {
    return localStorage.getItem(storageKey) ?? '';
  } catch {
    return '';
  }
}

export function storeName(name: string): void {
  try {
    localStorage.setItem(storageKey, name);
  } catch {
    // Storage may be forbidden: the name is then typed each time.
  }
}
