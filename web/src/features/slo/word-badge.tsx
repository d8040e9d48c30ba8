import { Badge } from '../../components/badge.tsx';
import type { Words } from './model.ts';

/** A state as word and icon; what it means on hovering. */
export function WordBadge({ words }: { readonly words: Words }) {
  const { name, tone, icon, meaning } = words;
  return (
    <span title={meaning}>
      <Badge tone={tone} {...(icon === undefined ? {} : { icon })}>
        {name}
      </Badge>
    </span>
  );
}
