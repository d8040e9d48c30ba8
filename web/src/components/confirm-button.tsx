import { Dialog } from 'radix-ui';
import { type ReactNode, useState } from 'react';
import { PersonForm, type Said } from './person-form.tsx';
import { useFocusBack } from './use-focus-back.ts';

/** A button whose deed is said once more before it is done, by whoever does it. */
export function ConfirmButton(props: {
  readonly text: string;
  /** Where several buttons have the same text: what this one is about. */
  readonly label?: string;
  readonly title: string;
  readonly pending: boolean;
  /** What will happen. */
  readonly children: ReactNode;
  confirm(said: Said): void;
}) {
  const { text, label, title, pending, children, confirm } = props;
  const [open, setOpen] = useState(false);
  const focusBack = useFocusBack();
  function take(_verb: string, said: Said): void {
    setOpen(false);
    confirm(said);
  }
  return (
    <>
      <button type="button" aria-label={label} disabled={pending} onClick={() => setOpen(true)}>
        {text}
      </button>
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Portal>
          <Dialog.Overlay className="overlay" />
          <Dialog.Content className="dialog" {...focusBack}>
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Description className="muted">{children}</Dialog.Description>
            <PersonForm label={title} verbs={[['take', text]]} pending={pending} send={take}>
              <button type="button" onClick={() => setOpen(false)}>
                Cancel
              </button>
            </PersonForm>
          </Dialog.Content>
        </Dialog.Portal>
      </Dialog.Root>
    </>
  );
}
