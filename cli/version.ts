import { readFileSync } from 'node:fs';

/** Version of package.json, which lies one folder up from here, or two when built. */
export const productVersion: string = readVersion();

function readVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed) return String(parsed.version);
    } catch {
      // Not this one.
    }
  }
  return 'unknown';
}
