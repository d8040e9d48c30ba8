import { Dialog } from 'radix-ui';
import { useFocusBack } from '../../components/use-focus-back.ts';
import { shortcuts } from '../../keyboard/shortcuts.ts';

export function HelpDialog({ open, close }: { readonly open: boolean; close(): void }) {
  const focusBack = useFocusBack();
  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : close())}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" {...focusBack}>
          <Dialog.Title>Keys and marks</Dialog.Title>
          <Dialog.Description className="muted">Keys work wherever no field has the focus.</Dialog.Description>
          <dl className="keys">
            {shortcuts.map(({ keys, action, text }) => (
              <div key={action}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
            <div>
              <dt>
                <kbd>Esc</kbd>
              </dt>
              <dd>Close, or leave the filter</dd>
            </div>
          </dl>
          <ul className="marks">
            <li>
              <i className="key key-unknown" /> <b>Unknown</b>: nobody counted. Neither zero nor good.
            </li>
            <li>
              <i className="key key-bridged" /> <b>Bridged</b>: the sum over the gap is known, not where in it.
            </li>
            <li>Drag over a chart to look at that stretch of time.</li>
          </ul>
          <div className="dialog-actions">
            <Dialog.Close asChild>
              <button type="button" className="primary">
                Close
              </button>
            </Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
