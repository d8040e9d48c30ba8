import { canonicalJson, sha256Of } from '../objects/canonical-json.ts';

/** A record that never changes: its text, the hash of the text, and the hash of the record before, which the text holds. */
export interface Link {
  readonly document: string;
  readonly sha256: string;
  readonly previous: string | null;
}

/** Makes the next record of a chain; `previous` is that of the one before, null for the first. */
export function nextLink(body: object, previous: string | null): Link {
  const document = canonicalJson({ ...body, previous });
  return { document, sha256: sha256Of(document), previous };
}

/**
 * Place (from 0) of the first record that does not hold: a text without its hash, or one that does not follow the record
 * before it. Undefined: all do. Records that are gone from the end of a chain are not missed.
 */
export function firstBrokenLink(links: readonly Pick<Link, 'document' | 'sha256'>[]): number | undefined {
  let previous: string | null = null;
  for (const [place, { document, sha256 }] of links.entries()) {
    if (sha256Of(document) !== sha256 || previousIn(document) !== previous) return place;
    previous = sha256;
  }
  return undefined;
}

function previousIn(document: string): unknown {
  try {
    return (JSON.parse(document) as { previous?: unknown }).previous;
  } catch {
    return undefined;
  }
}
