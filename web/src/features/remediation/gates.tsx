import type { AdviceItem } from '../../../../server/api/schema/remediation.ts';

/** What forbids to act now, each with what was read. */
export function Gates({ gates }: Pick<AdviceItem, 'gates'>) {
  if (gates.length === 0) return <span className="muted">none</span>;
  return (
    <ul className="gates">
      {gates.map(({ gate, detail }) => (
        <li key={gate}>
          <code>{gate}</code> {detail}
        </li>
      ))}
    </ul>
  );
}
