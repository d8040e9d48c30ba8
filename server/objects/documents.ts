import { FourninesError } from '../../core/runtime/error.ts';
import { readYaml, type YamlValue } from '../openslo/yaml-source.ts';
import { canonicalJson, sha256Of } from './canonical-json.ts';
import { attempt, ObjectMistakes } from './mistakes.ts';
import type { ObjectBodies, ObjectKind } from './object.ts';
import { Pauses } from './pauses.ts';
import { readAgreement } from './read-agreement.ts';
import { readContract, readService, readTenant } from './read-offer.ts';
import { readTerms } from './read-terms.ts';

/** Characters of all documents of one apply, and of one document; documents of one apply. */
const documentsTextMax = 2_097_152;
const documentsMax = 5000;

export interface Source {
  /** As mistakes name it: a path, usually. */
  readonly name: string;
  readonly text: string;
}

/** A document that says what an object is, or that it ends. */
export interface ObjectDocument<K extends ObjectKind = ObjectKind> {
  readonly kind: K;
  readonly name: string;
  /** Undefined: it ends. */
  readonly body: ObjectBodies[K] | undefined;
  /** The body in canonical form; empty when it ends. */
  readonly canonical: string;
  readonly sha256: string;
  /** What is wrong with a key of it. */
  readonly mistake: (path: readonly (string | number)[], problem: string, hint: string) => FourninesError;
}

/** The words of documents for the kinds of objects. */
export const documentKinds = {
  tenant: 'Tenant',
  service: 'Service',
  contract: 'Contract',
  agreement: 'Agreement',
  objective: 'SLO',
} as const satisfies Record<ObjectKind, string>;

export type DocumentKind = (typeof documentKinds)[ObjectKind];
const kindOf = Object.fromEntries(Object.entries(documentKinds).map(([kind, word]) => [word, kind])) as Readonly<
  Record<DocumentKind, ObjectKind>
>;

const namePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/;

/**
 * Reads the documents of several files. They are parsed one by one with a pause between, so that whoever shares the process
 * is not held up. Throws ObjectMistakes with all mistakes of all documents; FN_OBJECT_FILE when there is too much of them.
 */
export async function readDocuments(sources: readonly Source[]): Promise<ObjectDocument[]> {
  const pieces = sources.flatMap(piecesOf);
  const length = sources.reduce((sum, { text }) => sum + text.length, 0);
  if (length > documentsTextMax) throw tooMuch(`${length} characters`, `${documentsTextMax}`);
  if (pieces.length > documentsMax) throw tooMuch(`${pieces.length} documents`, `${documentsMax}`);
  const mistakes: FourninesError[] = [];
  const documents: ObjectDocument[] = [];
  const seen = new Set<string>();
  const pauses = new Pauses();
  for (const { name, text, line } of pieces) {
    const document = attempt(() => readDocument(name, readYaml(name, text, 'FN_OBJECT_FILE', line)), mistakes);
    if (document !== undefined) {
      const key = `${document.kind} ${document.name}`;
      if (seen.has(key)) {
        const hint = 'One document says all of an object.';
        mistakes.push(document.mistake(['metadata', 'name'], `${key} stands in two documents`, hint));
      }
      seen.add(key);
      documents.push(document);
    }
    await pauses.due();
  }
  if (mistakes.length > 0) throw new ObjectMistakes(mistakes);
  if (documents.length === 0) {
    throw new FourninesError('FN_OBJECT_FILE', 'there is no document in what was given', {
      hint: 'docs/objectives.md has an example of each kind.',
    });
  }
  return documents;
}

function tooMuch(what: string, most: string): FourninesError {
  return new FourninesError('FN_OBJECT_FILE', `${what} are more than ${most}`, {
    hint: 'Apply them in several steps: what others need first.',
  });
}

interface Piece extends Source {
  /** Of its first line in the file. */
  readonly line: number;
}

/** A line that begins with three dashes begins a document, whatever stands around it. */
function piecesOf({ name, text }: Source): Piece[] {
  const pieces: Piece[] = [];
  let line = 1;
  for (const piece of text.split(/^(?=---(?:[ \t\r\n]|$))/m)) {
    // Comments and blank lines alone are no document.
    if (/^(?!---(?:\s|$))[ \t]*[^#\s]|^---[ \t]+[^#\s]/m.test(piece)) pieces.push({ name, text: piece, line });
    line += piece.split('\n').length - 1;
  }
  return pieces;
}

function readDocument(file: string, value: YamlValue): ObjectDocument {
  const head = value.map(['apiVersion', 'kind', 'metadata', 'spec']);
  const version = head.get('apiVersion').oneOf(['fournines/v1', 'openslo/v1']);
  const mistake: ObjectDocument['mistake'] = (path, problem, hint) => mistakeAt(file, value, path, problem, hint);
  if (version === 'openslo/v1') {
    const why = 'Only SLO comes from OpenSLO: write all others as apiVersion fournines/v1.';
    head.get('kind').oneOf(['SLO'], why);
    return known('objective', nameOf(value), readTerms(value), mistake);
  }
  const word = head.get('kind').oneOf(['Tenant', 'Service', 'Contract', 'Agreement', 'Retirement']);
  const name = nameOf(value);
  if (word === 'Retirement') {
    const retired = head.get('spec').map(['kind']).get('kind').oneOf(Object.values(documentKinds));
    return { kind: kindOf[retired], name, body: undefined, canonical: '', sha256: '', mistake };
  }
  if (word === 'Tenant') return known('tenant', name, readTenant(value), mistake);
  if (word === 'Service') return known('service', name, readService(value), mistake);
  if (word === 'Contract') return known('contract', name, readContract(value), mistake);
  return known('agreement', name, readAgreement(value), mistake);
}

function known<K extends ObjectKind>(
  kind: K,
  name: string,
  body: ObjectBodies[K],
  mistake: ObjectDocument['mistake'],
): ObjectDocument {
  const canonical = canonicalJson(body);
  return { kind, name, body, canonical, sha256: sha256Of(canonical), mistake };
}

function nameOf(value: YamlValue): string {
  const metadata = value.map(['apiVersion', 'kind', 'metadata', 'spec']).get('metadata');
  const name = metadata.map(['name', 'displayName', 'labels', 'annotations']).get('name');
  const text = name.text();
  if (namePattern.test(text)) return text;
  return name.fail(
    `${JSON.stringify(text.slice(0, 60))} is no name of an object`,
    'A name has letters, digits and . _ - inside, up to 253 of them.',
  );
}

function mistakeAt(
  file: string,
  value: YamlValue,
  path: readonly (string | number)[],
  problem: string,
  hint: string,
): FourninesError {
  const key = path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
  const line = value.lineAt(path);
  const where = key === '' ? '' : `, key ${key}`;
  return new FourninesError('FN_OBJECT_FILE', `${file} line ${line}${where}: ${problem}`, {
    hint,
    context: { file, line, key },
  });
}
