import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { LabError } from './lab-error.ts';

const execute = promisify(execFile);
const folders = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** The environment of every program of the lab: the caller's own settings do not reach it. */
export const plainEnvironment: Readonly<Record<string, string>> = { PATH: folders.join(':'), LC_ALL: 'C', HOME: '/' };

/** The full path of a program, or a LabError that names its Debian package. */
export function programPath(name: string, debianPackage: string): string {
  const candidates = path.isAbsolute(name) ? [name] : folders.map((folder) => path.join(folder, name));
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new LabError(3, `${name} is not installed`, { hint: `apt-get install ${debianPackage}` });
}

/** Runs a program to its end and gives its stdout. Bounded in time and output; stderr goes into the error. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly deadlineMs?: number } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      env: { ...plainEnvironment, ...options.env },
      timeout: options.deadlineMs ?? 20_000,
      killSignal: 'SIGKILL',
      maxBuffer: 64 << 20,
    });
    return stdout;
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw new LabError(
      1,
      `${path.basename(program)} ${args.join(' ').slice(0, 200)} failed: ${stderr.slice(0, 2000)}`,
      {
        hint: "The lab's log folder has what its programs said.",
        cause: error,
      },
    );
  }
}
