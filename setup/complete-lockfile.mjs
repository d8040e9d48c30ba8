// Completes package-lock.json after a dependency was changed: `npm run lockfile`.
//
// Packages with binaries name one optional package for each platform. A registry mirror may carry only some of them;
// npm then writes a lockfile without the others, and refuses that very lockfile in `npm ci`. What belongs there is known
// without asking: the version stands in the parent, and operating system and processor in the name.
//
// npm also leaves such a package out, silently, when the Node that runs npm is older than its `engines` say. Ours are
// always run by Node 24, whatever Node installs them, so those conditions are taken away.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { inRoot } from './paths.mjs';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm64', 'arm', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

function platformOf(name) {
  const words = name.split('/').at(-1).split('-');
  const libc = words.some((word) => /^musl/.test(word))
    ? 'musl'
    : words.some((word) => /^gnu/.test(word))
      ? 'glibc'
      : undefined;
  return {
    os: systems.filter((system) => words.includes(system)),
    cpu: processors.filter((processor) => words.includes(processor)),
    ...(libc === undefined || !words.includes('linux') ? {} : { libc: [libc] }),
  };
}

/**
 * The optional packages that the lockfile names and does not hold.
 * @param {{ packages: Record<string, { version?: string, dev?: boolean, optionalDependencies?: Record<string, string> }> }} lockfile
 */
export function missingEntries(lockfile) {
  return Object.entries(lockfile.packages).flatMap(([where, parent]) =>
    Object.entries(parent.optionalDependencies ?? {})
      .filter(([name]) => where !== '' && !(`node_modules/${name}` in lockfile.packages))
      .filter(([name]) => !(`${where}/node_modules/${name}` in lockfile.packages))
      .map(([name, version]) => ({ where: `node_modules/${name}`, name, version, isDev: parent.dev === true })),
  );
}

/** The optional packages that an older Node would leave out. */
export function conditionalEntries(lockfile) {
  return Object.entries(lockfile.packages)
    .filter(([, entry]) => entry.optional === true && entry.engines !== undefined)
    .map(([where]) => where);
}

function complete() {
  const file = inRoot('package-lock.json');
  const lockfile = JSON.parse(readFileSync(file, 'utf8'));
  const missing = missingEntries(lockfile);
  for (const { where, name, version, isDev } of missing) {
    const platform = platformOf(name);
    if (!/^\d/.test(version) || platform.os.length === 0 || platform.cpu.length === 0) {
      throw new Error(
        `${name}@${version}: its platform is not to be seen from its name; add it to package-lock.json by hand`,
      );
    }
    lockfile.packages[where] = { version, ...(isDev ? { dev: true } : {}), optional: true, ...platform };
  }
  const conditional = conditionalEntries(lockfile);
  for (const where of conditional) delete lockfile.packages[where].engines;
  const sorted = Object.entries(lockfile.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  lockfile.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lockfile, null, 2)}\n`);
  process.stdout.write(
    `package-lock.json: ${missing.length} packages of other platforms added, ${conditional.length} conditions taken away\n`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) complete();
