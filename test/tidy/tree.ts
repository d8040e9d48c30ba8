import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

/** What is made, not written. Read from the disk and not from git, so that an archive is checked as well. */
const skipped = new Set(['node_modules', '.git', '.setup', 'dist', 'data', 'native/build', 'web/dist', 'coverage']);

export function listTree(folder = ''): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (skipped.has(relative) || entry.name === 'node_modules') return [];
    if (entry.isDirectory()) return listTree(relative);
    return entry.isFile() ? [relative] : [];
  });
}

export function readText(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}
