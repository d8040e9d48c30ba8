import path from 'node:path';
import type { Finding, Import, SourceFile } from './source-file.ts';

/** Where an import leads: a path of the repository, or the name of a package. */
function targetOf(file: string, specifier: string): string {
  return specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
}

const isRepositoryPath = (specifier: string): boolean => specifier.startsWith('.');
const isBelow = (target: string, folder: string): boolean => target === folder || target.startsWith(`${folder}/`);
const houseOf = (file: string): string => file.split('/')[0] ?? '';

/** The wiring of the collector, which alone (beside its sources) names the addon itself. */
const collectorWiring = /^collector\/(main|app|reader-thread)\.ts$/;

function mayCollectorImportNative(file: string, target: string, found: Import): boolean {
  if (target === 'native/facade.ts' && found.isTypeOnly) return true;
  return file.startsWith('collector/sources/') || collectorWiring.test(file);
}

/** Which bus it is, only the wiring knows; everybody else knows the port in `core/bus/`. */
const busWiring = /^(collector|server)\/(app|config)\.ts$/;

function mayWebImport(target: string, found: Import): boolean {
  if (isBelow(target, 'web')) return true;
  // The words are the same on both sides; of the server only the shapes of its answers are known.
  return isBelow(target, 'core/catalogue') || (found.isTypeOnly && isBelow(target, 'server/api/schema'));
}

function mayImport(file: string, target: string, found: Import): boolean {
  switch (houseOf(file)) {
    case 'core':
      return isBelow(target, 'core');
    case 'native':
      return isBelow(target, 'native') || isBelow(target, 'core');
    case 'bus':
      return isBelow(target, 'bus') || isBelow(target, 'core');
    case 'collector':
      if (busWiring.test(file) && isBelow(target, 'bus')) return true;
      if (isBelow(target, 'native')) return mayCollectorImportNative(file, target, found);
      return isBelow(target, 'collector') || isBelow(target, 'core');
    case 'server':
      if (busWiring.test(file) && isBelow(target, 'bus')) return true;
      return isBelow(target, 'server') || isBelow(target, 'core') || isBelow(target, 'alerts');
    case 'alerts':
      return isBelow(target, 'alerts') || isBelow(target, 'core');
    case 'web':
      return mayWebImport(target, found);
    case 'cli':
      return !isBelow(target, 'test') && !isBelow(target, 'bench') && !isBelow(target, 'web');
    case 'test':
      return true;
    case 'bench':
      // A bench may take builders and hosts from the tests.
      return true;
    case 'setup':
    case 'bin':
    case 'setup.mjs':
      return isBelow(target, 'setup') || isBelow(target, 'bin');
    default:
      // Configuration files of the tools.
      return !file.includes('/');
  }
}

/** Who may know whom; ARCHITECTURE.md has the picture. */
export function importDirection(file: SourceFile): Finding[] {
  return file.imports
    .filter((found) => isRepositoryPath(found.specifier))
    .map((found) => ({ found, target: targetOf(file.path, found.specifier) }))
    .filter(({ found, target }) => !mayImport(file.path, target, found))
    .map(({ found, target }) => ({ path: file.path, line: found.line, what: `must not import ${target}` }));
}

/** One source, channel or action never knows another: each is one folder that can go away alone. */
const siblings = /^(collector\/sources|alerts\/channels|server\/remediation\/actions)\/([^/]+)\//;

export function siblingImports(file: SourceFile): Finding[] {
  const [, group, own] = siblings.exec(file.path) ?? [];
  if (group === undefined) return [];
  return file.imports
    .filter((found) => isRepositoryPath(found.specifier))
    .filter((found) => {
      const [, otherGroup, other] = siblings.exec(targetOf(file.path, found.specifier)) ?? [];
      return otherGroup === group && other !== own;
    })
    .map((found) => ({
      path: file.path,
      line: found.line,
      what: `${own} must not import its sibling: ${found.specifier}`,
    }));
}

const pureFolders =
  /^(core\/catalogue|core\/wire|server\/sli|server\/slo|server\/ledger|server\/report\/model|alerts\/state|alerts\/content)\//;
const pureRemediation = /^server\/remediation\/(planner|ovs-model|policy|machine|simulator)\//;
const pureBreachFiles =
  /^server\/breach\/(breach|record|move|window-facts|machine|likely-cause|burns-over|(burn|budget|unproven|stale|final)-move)\.ts$/;
const pureFiles =
  /^(collector\/slot\.ts|server\/seal\/(slot-line|day-rows|day-slots|shared-loss|runs|seal-document|chain)\.ts|alerts\/(alert|notification)\.ts|web\/.*\/model\.ts)$/;
const pureRuleFiles = /^server\/attribution\/(evidence|decision|excess|not-offered|ring-full|rules|owned-slots)\.ts$/;
const pureTermFiles =
  /^server\/(objects\/of-kind|exclusions\/(exclusion|rules)|credits\/(ratio|schedule|credit|line|month-pieces|months-due))\.ts$/;
const pureEgressFiles =
  /^alerts\/egress\/(address|address-class|special-ranges|own-address|target|headers|judge|result|outcome|retry-after|excerpt)\.ts$/;
const pureCharts = /^web\/src\/charts\/[^/]+\.ts$/;

export function isPure(file: string): boolean {
  return [
    pureFolders,
    pureRemediation,
    pureBreachFiles,
    pureFiles,
    pureRuleFiles,
    pureTermFiles,
    pureEgressFiles,
    pureCharts,
  ].some((pure) => pure.test(file));
}

/** What pure code may take besides other pure code. */
function isPureImport(file: string, found: Import): boolean {
  if (found.isTypeOnly) return true;
  const target = targetOf(file, found.specifier);
  if (isRepositoryPath(found.specifier))
    return isPure(target) || target === 'core/runtime/error.ts' || isFormatting(file, target);
  return file.startsWith('core/wire/') && (target === 'node:zlib' || target === 'node:crypto');
}

/** The page's models write numbers for people; those functions are pure too. */
function isFormatting(file: string, target: string): boolean {
  return file.startsWith('web/') && isBelow(target, 'web/src/format');
}

export function pureImports(file: SourceFile): Finding[] {
  if (!isPure(file.path)) return [];
  return file.imports
    .filter((found) => !isPureImport(file.path, found))
    .map((found) => ({ path: file.path, line: found.line, what: `pure code must not import ${found.specifier}` }));
}
