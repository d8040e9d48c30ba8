import { useState } from 'react';
import { Icon } from '../../components/icon.tsx';
import { presets, shiftRange, zoomRange } from '../../url/range.ts';
import { useUrl } from '../../url/use-url.ts';
import { RangeDialog } from './range-dialog.tsx';

export function RangePicker() {
  const { range, setRange, nowMs } = useUrl();
  const [open, setOpen] = useState(false);
  return (
    <fieldset className="range">
      <legend className="hidden">Range of time</legend>
      <button
        type="button"
        aria-label="Earlier by half the range"
        onClick={() => setRange(shiftRange(range, -1, nowMs()))}
      >
        <Icon name="back" />
      </button>
      {presets.map((last) => (
        <button
          type="button"
          key={last}
          aria-pressed={range.kind === 'relative' && range.last === last}
          aria-label={`Last ${last}`}
          onClick={() => setRange({ kind: 'relative', last })}
        >
          {last}
        </button>
      ))}
      <button type="button" aria-pressed={range.kind === 'absolute'} onClick={() => setOpen(true)}>
        {range.kind === 'absolute' ? 'Fixed' : 'From – to'}
      </button>
      <button
        type="button"
        aria-label="Later by half the range"
        onClick={() => setRange(shiftRange(range, 1, nowMs()))}
      >
        <Icon name="forward" />
      </button>
      <button type="button" aria-label="Shorter range" onClick={() => setRange(zoomRange(range, 'in', nowMs()))}>
        <Icon name="plus" />
      </button>
      <button type="button" aria-label="Longer range" onClick={() => setRange(zoomRange(range, 'out', nowMs()))}>
        <Icon name="minus" />
      </button>
      <RangeDialog open={open} close={() => setOpen(false)} />
    </fieldset>
  );
}
