import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

export const nodeMajor = 24;

export function isNewEnough() {
  return Number(process.versions.node.split('.')[0]) >= nodeMajor;
}

/**
 * The Node 24 binary that came with the dependencies, or undefined. Walks up, because a package manager may hoist it.
 * @param {string} root
 * @returns {string | undefined}
 */
export function findNode24(root) {
  for (let folder = root; ; folder = path.dirname(folder)) {
    const binary = path.join(folder, 'node_modules', 'node', 'bin', 'node');
    if (existsSync(binary)) return realpathSync(binary);
    if (folder === path.dirname(folder)) return undefined;
  }
}
