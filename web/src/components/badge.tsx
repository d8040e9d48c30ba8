import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';
import type { Tone } from './tone.ts';

const toneIcons: Record<Tone, IconName> = {
  ok: 'ok',
  warn: 'warn',
  bad: 'bad',
  unknown: 'unknown',
  neutral: 'idle',
};

/** Severity: colour, icon and text together. */
export function Badge(props: { readonly tone: Tone; readonly icon?: IconName; readonly children: ReactNode }) {
  const { tone, icon = toneIcons[tone], children } = props;
  return (
    <span className={`badge tone-${tone}`}>
      <Icon name={icon} size={12} />
      {children}
    </span>
  );
}
