import type { ReactNode } from 'react';

/** The way down to this page; the last step is the page itself. */
export function Trail({ steps, here }: { readonly steps: readonly ReactNode[]; readonly here: string }) {
  return (
    <nav className="breadcrumb" aria-label="Breadcrumb">
      <ol>
        {steps.map((step, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the steps of a page never change places.
          <li key={i}>{step}</li>
        ))}
        <li>
          <span aria-current="page">{here}</span>
        </li>
      </ol>
    </nav>
  );
}
