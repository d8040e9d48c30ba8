#!/usr/bin/env node
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runChild } from './child.mjs';
import { findNode24, isNewEnough, nodeMajor } from './node24.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

function refuse(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(3);
}

/** A checkout runs its sources; Node strips no types below node_modules, so an installed package runs dist/. */
function findEntry() {
  const source = path.join(root, 'cli', 'main.ts');
  const built = path.join(root, 'dist', 'cli', 'main.js');
  const isInstalled = root.split(path.sep).includes('node_modules');
  const order = isInstalled ? [built] : [source, built];
  return order.find((file) => existsSync(file));
}

const entry = findEntry();
if (entry === undefined) refuse('Fournines is not complete here: cli/ and dist/ are both missing. Install it again.');

const isCheckout = entry.endsWith('.ts');
if (isCheckout && !existsSync(path.join(root, 'node_modules', '.package-lock.json'))) {
  refuse(`Fournines is not set up yet. Run this first: (cd '${root}' && npm run build)`);
}

if (isNewEnough()) {
  await import(pathToFileURL(entry).href);
} else {
  const node = findNode24(root);
  if (node === undefined) {
    refuse(
      `Fournines needs Node ${nodeMajor}; this is Node ${process.versions.node}, and the one among the dependencies is missing. ` +
        `Run this first: (cd '${root}' && npm rebuild node)`,
    );
  }
  process.exit(await runChild(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]));
}
