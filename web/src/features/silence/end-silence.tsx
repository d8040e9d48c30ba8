import { Dialog } from 'radix-ui';
import { useState } from 'react';
import type { Silence } from '../../../../server/api/schema/silences.ts';
import { PersonForm } from '../../components/person-form.tsx';
import { useFocusBack } from '../../components/use-focus-back.ts';

/** Ends a silence before its time, once somebody has said who they are. */
export function EndSilence(props: {
  readonly silence: Silence;
  readonly pending: boolean;
  end(said: { readonly by: string; readonly comment: string }): void;
}) {
  const { silence, pending, end } = props;
  const [open, setOpen] = useState(false);
  const focusBack = useFocusBack();
  const what = silence.matchers.join(', ');
  return (
    <>
      <button type="button" aria-label={`End the silence of ${what}`} disabled={pending} onClick={() => setOpen(true)}>
        End
      </button>
      <Dialog.Root open={open} onOpenChange={setOpen}>
        <Dialog.Portal>
          <Dialog.Overlay className="overlay" />
          <Dialog.Content className="dialog" {...focusBack}>
            <Dialog.Title>End this silence?</Dialog.Title>
            <Dialog.Description className="muted">
              What fires and matches {what} is told again from now on.
            </Dialog.Description>
            <PersonForm
              label="End the silence"
              verbs={[['end', 'End it']]}
              pending={pending}
              send={(_verb, said) => {
                setOpen(false);
                end(said);
              }}
            >
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
