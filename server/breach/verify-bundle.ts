import { toFourninesError } from '../../core/runtime/error.ts';
import { figuresOf } from '../api/figures.ts';
import { readExclusions } from '../openslo/exclusions-file.ts';
import { readObjective } from '../openslo/objective-file.ts';
import { type Evaluation, evaluate } from '../slo/evaluate.ts';
import { evaluationJson } from '../slo/evaluation-json.ts';
import { parseInstant } from '../slo/instant.ts';
import { SlotsReader } from '../slo/slots-reader.ts';
import { judgedAt } from '../slo/window.ts';
import { bundleFiles, changeHashText, type Manifest, sha256OfBytes } from './bundle.ts';
import type { ChangeRow } from './change-row.ts';
import { firstOddByte, looseTar, type TarFile } from './tar.ts';

/** What does not hold: of which file, and which figure. */
export interface BundleFinding {
  readonly file: string;
  readonly what: string;
}

export interface BundleReport {
  readonly breach: string;
  readonly entry: number;
  readonly slo: string;
  readonly state: string;
  /** Hash of the change: the one that the server's list of changes and the next change name. */
  readonly change: string;
  readonly verdict: string;
  readonly findings: readonly BundleFinding[];
}

const pieceBytes = 1 << 18;

/**
 * Checks a bundle with nothing but its bytes: each hash, the bytes of the archive itself, and every figure computed again
 * from the rows. Undefined: it is no bundle.
 */
export function verifyBundle(tar: Uint8Array): BundleReport | undefined {
  const files = looseTar(tar);
  const bytesOf = (name: string) => files?.find((file) => file.name === name)?.bytes;
  const manifest = jsonOf<Manifest>(bytesOf(bundleFiles.manifest));
  const row = jsonOf<ChangeRow>(bytesOf(bundleFiles.change));
  if (files === undefined || manifest?.bundle !== 1 || row === undefined) return undefined;
  const findings: BundleFinding[] = [];
  const odd = firstOddByte(tar);
  if (odd !== undefined) findings.push({ file: 'the archive', what: `byte ${odd} is not as it was written` });
  findings.push(...listFindings(files), ...hashFindings(files, manifest), ...chainFindings(files, manifest, row));
  const computed = recompute(files, manifest);
  if ('findings' in computed) findings.push(...computed.findings);
  else findings.push(...figureFindings(computed, bytesOf(bundleFiles.evaluation), row));
  return {
    breach: String(row.breach),
    entry: Number(row.entry),
    slo: String(row.slo?.name),
    state: String(row.state),
    change: sha256OfBytes(bytesOf(bundleFiles.change) ?? new Uint8Array(0)),
    verdict: 'findings' in computed ? 'none' : computed.evaluation.verdict,
    findings,
  };
}

function jsonOf<T>(bytes: Uint8Array | undefined): Partial<T> | undefined {
  if (bytes === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Partial<T>) : undefined;
  } catch {
    return undefined;
  }
}

function listFindings(files: readonly TarFile[]): BundleFinding[] {
  const expected = Object.values(bundleFiles);
  const missing = expected.filter((name) => !files.some((file) => file.name === name));
  const foreign = files.filter(({ name }, i) => name !== expected[i]);
  if (missing.length > 0) return missing.map((file) => ({ file, what: 'is missing' }));
  return foreign.slice(0, 1).map(({ name: file }) => ({ file, what: 'does not belong there' }));
}

function hashFindings(files: readonly TarFile[], manifest: Partial<Manifest>): BundleFinding[] {
  const named = Array.isArray(manifest.files) ? (manifest.files as Manifest['files']) : [];
  return files.slice(0, 4).flatMap(({ name, bytes }) => {
    const entry = named.find((each) => each.name === name);
    if (entry === undefined) return [{ file: bundleFiles.manifest, what: `does not name ${name}` }];
    if (entry.bytes !== bytes.length) return [{ file: name, what: `has ${bytes.length} bytes, not ${entry.bytes}` }];
    return entry.sha256 === sha256OfBytes(bytes)
      ? []
      : [{ file: name, what: 'does not have the hash of the manifest' }];
  });
}

function chainFindings(
  files: readonly TarFile[],
  manifest: Partial<Manifest>,
  row: Partial<ChangeRow>,
): BundleFinding[] {
  const bytesOf = (name: string) => files.find((file) => file.name === name)?.bytes ?? new Uint8Array(0);
  const findings: BundleFinding[] = [];
  if (row.evidence?.sha256 !== sha256OfBytes(bytesOf(bundleFiles.manifest))) {
    findings.push({ file: bundleFiles.manifest, what: 'does not have the hash that the change names as its evidence' });
  }
  const hash = changeHashText(sha256OfBytes(bytesOf(bundleFiles.change)));
  if (Buffer.from(bytesOf(bundleFiles.changeHash)).toString('latin1') !== hash) {
    findings.push({ file: bundleFiles.change, what: `does not have the hash of ${bundleFiles.changeHash}` });
  }
  for (const key of ['breach', 'entry', 'previous', 'slo', 'window', 'engine'] as const) {
    const differing = differences(manifest[key], row[key], key);
    findings.push(...differing.map((what) => ({ file: bundleFiles.change, what: `and the manifest: ${what}` })));
  }
  return findings;
}

interface Computed {
  readonly evaluation: Evaluation;
  readonly json: string;
}

function recompute(files: readonly TarFile[], manifest: Partial<Manifest>): Computed | { findings: BundleFinding[] } {
  const bytesOf = (name: string) => files.find((file) => file.name === name)?.bytes ?? new Uint8Array(0);
  const textOf = (name: string) => Buffer.from(bytesOf(name)).toString('utf8');
  let file: string = bundleFiles.objective;
  try {
    const objective = readObjective(file, textOf(file));
    file = bundleFiles.exclusions;
    const exclusions = readExclusions(file, textOf(file));
    file = bundleFiles.slots;
    const reader = new SlotsReader(file, objective.ports);
    const bytes = bytesOf(file);
    for (let from = 0; from < bytes.length; from += pieceBytes) reader.push(bytes.subarray(from, from + pieceBytes));
    const slots = reader.end();
    file = bundleFiles.manifest;
    const at = parseInstant(String(manifest.at))?.second;
    if (at === undefined) return { findings: [{ file, what: 'at is no instant' }] };
    const question = { objective, exclusions, ...judgedAt(objective, at), file: slots };
    const evaluation = evaluate(question);
    return { evaluation, json: evaluationJson(question, evaluation) };
  } catch (error) {
    return { findings: [{ file, what: `gives no verdict: ${toFourninesError(error).message}` }] };
  }
}

function figureFindings(
  { evaluation, json }: Computed,
  told: Uint8Array | undefined,
  row: Partial<ChangeRow>,
): BundleFinding[] {
  const inFile = differences(jsonOf(told), JSON.parse(json), '');
  const inRow = differences(row.figures, figuresOf(evaluation), '');
  return [
    ...inFile.map((what) => ({ file: bundleFiles.evaluation, what })),
    ...inRow.map((what) => ({ file: bundleFiles.change, what: `figures ${what}` })),
  ];
}

/** Every value in which two JSON values differ: where, what is told, what is computed. */
function differences(told: unknown, computed: unknown, path: string): string[] {
  const isTree = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
  if (!isTree(told) || !isTree(computed)) {
    return told === computed ? [] : [`${path} is ${JSON.stringify(told)}, computed ${JSON.stringify(computed)}`];
  }
  const keys = new Set([...Object.keys(told), ...Object.keys(computed)]);
  return [...keys].flatMap((key) => differences(told[key], computed[key], path === '' ? key : `${path}.${key}`));
}
