import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { canonicalJson } from '../objects/canonical-json.ts';
import { readObjective } from '../openslo/objective-file.ts';
import { type Evaluation, evaluate } from '../slo/evaluate.ts';
import { evaluationJson } from '../slo/evaluation-json.ts';
import { isoOf } from '../slo/instant.ts';
import type { Exclusion } from '../slo/objective.ts';
import { SlotsReader } from '../slo/slots-reader.ts';
import { judgedAt } from '../slo/window.ts';
import type { ChangeRow, EvidenceMark, HashedRow } from './change-row.ts';
import { type TarFile, writeTar } from './tar.ts';

/**
 * What a change rests on, so that anybody can compute it again: the objective, the rows, what is excluded, the verdict, a
 * manifest with the hash of each, and the change itself with its place in the chain. docs/breaches.md has the files.
 */
export const bundleFiles = {
  objective: 'objective.yaml',
  slots: 'slots.ndjson',
  exclusions: 'exclusions.yaml',
  evaluation: 'evaluation.json',
  manifest: 'manifest.json',
  change: 'change.json',
  changeHash: 'change.sha256',
} as const;

const slotBytesMax = 64 << 20;
const packedBytesMax = 8 << 20;

const textEncoder = new TextEncoder();
const gzipAsync = promisify(gzip);

export interface EvidenceInput {
  /** The document of the objective. */
  readonly openslo: string;
  readonly exclusions: readonly Exclusion[];
  /** As `Judging.rows` gives them, each with its break. */
  readonly lines: AsyncIterable<string>;
  /** What `evaluate --at` is given, unix seconds. */
  readonly at: number;
  /** Of all lines. */
  readonly bytesMax?: number;
}

/** The files that say what was judged and how, and what comes out when anybody does it again. */
export interface Evidence {
  readonly files: readonly TarFile[];
  readonly evaluation: Evaluation;
  readonly lines: number;
}

/** Why there is none. */
export interface NoEvidence {
  readonly refused: string;
}

/** Rejects with FN_SLOTS_FILE, or with what keeps the lines from coming. */
export async function gatherEvidence(input: EvidenceInput): Promise<Evidence | NoEvidence> {
  const { openslo, exclusions, at, bytesMax = slotBytesMax } = input;
  const objective = readObjective(bundleFiles.objective, openslo);
  const reader = new SlotsReader(bundleFiles.slots, objective.ports);
  const pieces: Uint8Array[] = [];
  let [bytes, lines] = [0, 0];
  for await (const line of input.lines) {
    const piece = textEncoder.encode(line);
    bytes += piece.length;
    if (bytes > bytesMax) return { refused: `its rows are more than ${bytesMax} bytes` };
    reader.push(piece);
    pieces.push(piece);
    lines++;
  }
  const question = { objective, exclusions, ...judgedAt(objective, at), file: reader.end() };
  const evaluation = evaluate(question);
  const files = [
    { name: bundleFiles.objective, bytes: textEncoder.encode(openslo) },
    { name: bundleFiles.slots, bytes: Buffer.concat(pieces) },
    { name: bundleFiles.exclusions, bytes: textEncoder.encode(exclusionsYaml(exclusions)) },
    { name: bundleFiles.evaluation, bytes: textEncoder.encode(`${evaluationJson(question, evaluation)}\n`) },
  ];
  return { files, evaluation, lines };
}

/** A list that `fournines evaluate --exclusions` reads. */
export function exclusionsYaml(exclusions: readonly Exclusion[]): string {
  if (exclusions.length === 0) return '[]\n';
  return exclusions
    .map(({ from, to, category, reason, approvedBy }) => {
      const texts = { from: isoOf(from), to: isoOf(to), category, reason, approvedBy };
      const entries = Object.entries(texts).map(([key, text]) => `${key}: ${JSON.stringify(text)}`);
      return `- ${entries.join('\n  ')}\n`;
    })
    .join('');
}

export interface Manifest {
  readonly bundle: 1;
  readonly breach: string;
  readonly entry: number;
  /** Hash of the change before; null: the first. */
  readonly previous: string | null;
  readonly slo: ChangeRow['slo'];
  readonly window: ChangeRow['window'];
  /** For `evaluate --at`. */
  readonly at: string;
  readonly engine: string;
  /** When it was made, by the server's clock. */
  readonly madeAt: string;
  /** Rows up to here are in it. */
  readonly watermark: string;
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly sha256: string }[];
}

export function manifestText(manifest: Omit<Manifest, 'bundle' | 'files'>, files: readonly TarFile[]): string {
  const listed = files.map(({ name, bytes }) => ({ name, bytes: bytes.length, sha256: sha256OfBytes(bytes) }));
  return `${canonicalJson({ bundle: 1, ...manifest, files: listed })}\n`;
}

export function evidenceMark(manifest: string, { files, lines }: Evidence): EvidenceMark {
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  return { sha256: sha256OfBytes(textEncoder.encode(manifest)), bytes, lines };
}

/** The bundle of a change whose row names the manifest. */
export function bundleTar({ files }: Evidence, manifest: string, change: HashedRow): Uint8Array {
  return writeTar([
    ...files,
    { name: bundleFiles.manifest, bytes: textEncoder.encode(manifest) },
    { name: bundleFiles.change, bytes: textEncoder.encode(change.text) },
    { name: bundleFiles.changeHash, bytes: textEncoder.encode(changeHashText(change.sha256)) },
  ]);
}

/** As `sha256sum --check` takes it. */
export function changeHashText(sha256: string): string {
  return `${sha256}  ${bundleFiles.change}\n`;
}

/** Undefined: larger than is kept. */
export async function packed(tar: Uint8Array): Promise<Buffer | undefined> {
  const bytes = await gzipAsync(tar, { level: 6 });
  return bytes.length > packedBytesMax ? undefined : bytes;
}

export function sha256OfBytes(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
