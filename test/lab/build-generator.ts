import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { LabError } from './lab-error.ts';
import { programPath, runProgram } from './programs.ts';

const sourceFolder = path.join(import.meta.dirname, 'generator');
const buildFolder = path.join(import.meta.dirname, 'build');
const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Wshadow', '-Werror'];

async function askPkgConfig(option: string): Promise<string> {
  try {
    return (await runProgram(programPath('pkg-config', 'pkg-config'), [option, 'libdpdk'])).trim();
  } catch (cause) {
    throw new LabError(3, 'the headers of DPDK are not installed', {
      hint: 'apt-get install libdpdk-dev pkg-config gcc',
      cause,
    });
  }
}

let building: Promise<string> | undefined;

/** The load generator's binary, built once for its sources, flags and DPDK (5 to 10 s). */
export function buildGenerator(): Promise<string> {
  building ??= build();
  return building;
}

async function build(): Promise<string> {
  const version = await askPkgConfig('--modversion');
  const names = readdirSync(sourceFolder).sort();
  const stamp = createHash('sha256').update(JSON.stringify([version, flags]));
  for (const name of names)
    stamp
      .update(name)
      .update('\0')
      .update(readFileSync(path.join(sourceFolder, name)));
  const binary = path.join(buildFolder, `generator-${stamp.digest('hex').slice(0, 16)}`);
  if (existsSync(binary)) return binary;

  const cflags = (await askPkgConfig('--cflags')).split(/\s+/);
  const libs = (await askPkgConfig('--libs')).split(/\s+/);
  const sources = names.filter((name) => name.endsWith('.c')).map((name) => path.join(sourceFolder, name));
  mkdirSync(buildFolder, { recursive: true });
  // Under another name first: two labs may build at the same time, and half a binary must never be started.
  const making = `${binary}.${randomBytes(4).toString('hex')}`;
  await runProgram(programPath('gcc', 'gcc'), [...flags, ...cflags, ...sources, '-o', making, ...libs], {
    deadlineMs: 120_000,
  });
  for (const old of readdirSync(buildFolder)) {
    if (/^generator-[0-9a-f]{16}$/.test(old)) rmSync(path.join(buildFolder, old), { force: true });
  }
  renameSync(making, binary);
  return binary;
}

/** The folder with DPDK's drivers, of which only the needed ones are loaded. */
export async function driverFolder(): Promise<string> {
  const library = (await runProgram(programPath('pkg-config', 'pkg-config'), ['--variable=libdir', 'libdpdk'])).trim();
  const parent = path.join(library, 'dpdk');
  const found = existsSync(parent) ? readdirSync(parent).find((name) => name.startsWith('pmds-')) : undefined;
  if (found !== undefined) return path.join(parent, found);
  throw new LabError(3, `there are no DPDK drivers below ${parent}`, { hint: 'apt-get install libdpdk-dev' });
}
