import type { Manifest } from '../server/backup/format.ts';
import type { Progress } from '../server/backup/write-backup.ts';

const everyMs = 500;

/** One line that is written over, for people; where nobody looks, nothing. */
export function progressOn(out: NodeJS.WriteStream, verb: string): Progress {
  let toldAtMs = Number.NEGATIVE_INFINITY;
  return (done, of) => {
    if (!out.isTTY || (done < of && performance.now() - toldAtMs < everyMs)) return;
    toldAtMs = performance.now();
    const percent = of === 0 ? 100 : Math.min(100, Math.floor((done / of) * 100));
    out.write(`\r${verb}: ${percent} % of ${megabytes(of)}${done >= of ? '\n' : ''}`);
  };
}

export function toldBackup(manifest: Manifest, folder: string, json: boolean): string {
  const { takenAt, heldMs, version, store, control, files } = manifest;
  const sum = (tables: readonly { rows: number }[]) => tables.reduce((total, { rows }) => total + rows, 0);
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  const told = { folder, takenAt, heldMs, version, files: files.length, bytes, store, control };
  if (json) return `${JSON.stringify(told)}\n`;
  return (
    `${folder}: as of ${takenAt}, ${files.length} files, ${megabytes(bytes)}\n` +
    `rows: ${sum(store)} in the store, ${sum(control)} in the control store; all counted, every file has its hash\n`
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
