import { useState } from 'react';

/** A command and the button that copies it. Where the browser does not let us, the text can still be marked by hand. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  const [said, setSaid] = useState('');
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setSaid('Copied'),
      () => setSaid('Not allowed here: mark and copy it'),
    );
  return (
    <div className="copy">
      <pre>
        <code>{text}</code>
      </pre>
      <button type="button" aria-label={`Copy ${label}`} onClick={() => void copy()}>
        Copy
      </button>
      <span className="muted" role="status">
        {said}
      </span>
    </div>
  );
}
