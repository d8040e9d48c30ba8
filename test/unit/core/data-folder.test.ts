import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { takeDataFolder } from '../../../core/runtime/data-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fn-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a data folder', () => {
  it('is held by one: the second is told who has it, and gets it when it is let go', () => {
    const first = takeDataFolder(folder);
    expect(() => takeDataFolder(folder)).toThrow(
      expect.objectContaining({ code: 'FN_FOLDER_LOCKED', context: expect.objectContaining({ pid: process.pid }) }),
    );
    first.release();
    first.release();
    takeDataFolder(folder).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is made when it is not there', () => {
    const inside = join(folder, 'a', 'b');
    takeDataFolder(inside).release();
    expect(readdirSync(inside)).toEqual([]);
  });

  it('of a holder that is gone is taken over', () => {
    const { pid } = spawnSync('true');
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid, startTicks: '1' }));
    takeDataFolder(folder).release();
  });

  it('of a pid that is another process by now is taken over', () => {
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: process.pid, startTicks: '1' }));
    takeDataFolder(folder).release();
  });

  it('with a torn lock is taken over', () => {
    writeFileSync(join(folder, 'lock'), '{"pid":');
    takeDataFolder(folder).release();
  });

  it('that cannot be written says so', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => takeDataFolder(join(folder, 'file'))).toThrow(expect.objectContaining({ code: 'FN_FOLDER' }));
  });
});
