import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, stateFolder } from './paths.mjs';

/**
 * Every file below a path of the repository, sorted; the path itself when it is a file.
 * @param {string} relative
 * @param {(relative: string) => boolean} isWanted asked for files and for folders
 * @returns {string[]}
 */
export function filesBelow(relative, isWanted = () => true) {
  const full = path.join(root, relative);
  if (!existsSync(full) || !isWanted(relative)) return [];
  if (!statSync(full).isDirectory()) return [relative];
  return readdirSync(full)
    .sort()
    .flatMap((name) => filesBelow(path.join(relative, name), isWanted));
}

/**
 * @param {readonly string[]} files relative to the repository
 * @param {string} more what else decides the outcome: a version, an architecture
 */
export function hashOf(files, more = '') {
  const hash = createHash('sha256').update(more);
  for (const file of files) {
    const content = readFileSync(path.join(root, file));
    // Lengths keep (name, content) pairs apart.
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @param {string} step @param {string} key */
export function isStamped(step, key) {
  try {
    return readFileSync(path.join(stateFolder, `${step}.stamp`), 'utf8') === key;
  } catch {
    return false;
  }
}

/** @param {string} step @param {string} key */
export function stamp(step, key) {
  mkdirSync(stateFolder, { recursive: true });
  writeFileSync(path.join(stateFolder, `${step}.stamp`), key);
}

/** Taken away before a step begins, so that a step that was cut short is done again. @param {string} step */
export function unstamp(step) {
  rmSync(path.join(stateFolder, `${step}.stamp`), { force: true });
}
