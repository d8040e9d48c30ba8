import { useId } from 'react';

/** One of some values, kept in the URL by whoever uses it; empty: all. */
export function Choice(props: {
  readonly label: string;
  readonly all: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, text: string])[];
  choose(value: string): void;
}) {
  const { label, all, value, options, choose } = props;
  const id = useId();
  // A link may name what is not in the list (any more): it must still be seen, and can be taken back.
  const unlisted = value !== '' && !options.some(([option]) => option === value);
  return (
    <span className="choice">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => choose(event.target.value)}>
        <option value="">{all}</option>
        {unlisted ? <option value={value}>{value}</option> : null}
        {options.map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
    </span>
  );
}
