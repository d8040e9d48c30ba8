import { Dialog } from 'radix-ui';
import { type FormEvent, useState } from 'react';
import { useFocusBack } from '../../components/use-focus-back.ts';
import { formatInstant, type Zone, zoneName } from '../../format/time.ts';
import { resolveRange } from '../../url/range.ts';
import { useUrl } from '../../url/use-url.ts';

/** From and to, typed in the zone that the page shows. */
export function RangeDialog({ open, close }: { readonly open: boolean; close(): void }) {
  const focusBack = useFocusBack();
  const { range, setRange, nowMs, zone } = useUrl();
  const [wrong, setWrong] = useState(false);
  const shown = resolveRange(range, nowMs());

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const fromSeconds = secondsOf(form.get('from'), zone);
    const toSeconds = secondsOf(form.get('to'), zone);
    if (fromSeconds === null || toSeconds === null || toSeconds <= fromSeconds) {
      setWrong(true);
      return;
    }
    setWrong(false);
    setRange({ kind: 'absolute', fromSeconds, toSeconds });
    close();
  }

  return (
    <Dialog.Root open={open} onOpenChange={(next) => (next ? undefined : close())}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" {...focusBack}>
          <Dialog.Title>Range</Dialog.Title>
          <Dialog.Description className="muted">
            In {zoneName(zone)}, whole seconds; the end is not part of it.
          </Dialog.Description>
          <form onSubmit={submit} className="range-form">
            <label>
              From
              <input
                type="datetime-local"
                name="from"
                step={1}
                required
                defaultValue={inputText(shown.fromSeconds, zone)}
              />
            </label>
            <label>
              To
              <input
                type="datetime-local"
                name="to"
                step={1}
                required
                defaultValue={inputText(shown.toSeconds, zone)}
              />
            </label>
            {wrong ? <p role="alert">The end must come after the start.</p> : null}
            <div className="dialog-actions">
              <button type="button" onClick={close}>
                Cancel
              </button>
              <button type="submit" className="primary">
                Show
              </button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function inputText(seconds: number, zone: Zone): string {
  return formatInstant(seconds * 1_000, zone).replace(' ', 'T');
}

function secondsOf(value: FormDataEntryValue | null, zone: Zone): number | null {
  if (typeof value !== 'string') return null;
  const atMs = Date.parse(zone === 'utc' ? `${value}Z` : value);
  return Number.isNaN(atMs) ? null : Math.floor(atMs / 1_000);
}
