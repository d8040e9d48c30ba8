/** A file of an archive. Names are plain ASCII without folders, at most 100 characters. */
export interface TarFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const blockBytes = 512;
const namePattern = /^[a-z0-9][a-z0-9.-]{0,99}$/;
/** Readable by all, of nobody, of no time: the same files are the same bytes. */
const mode = '0000644';
const nobody = '0000000';
const noTime = '00000000000';

/** Where a field of a header lies (POSIX.1-1988 ustar); what is not named here is zero. */
const at = { name: 0, mode: 100, uid: 108, gid: 116, size: 124, mtime: 136, sum: 148, type: 156, magic: 257 } as const;
const sumBytes = 8;

/** A plain ustar archive: the same files in the same order give the same bytes. */
export function writeTar(files: readonly TarFile[]): Uint8Array {
  const lengths = files.map(({ bytes }) => blockBytes + padded(bytes.length));
  // Two empty blocks end it.
  const tar = new Uint8Array(lengths.reduce((sum, length) => sum + length, 2 * blockBytes));
  let from = 0;
  for (const [i, { name, bytes }] of files.entries()) {
    tar.set(headerOf(name, bytes.length), from);
    tar.set(bytes, from + blockBytes);
    from += lengths[i] as number;
  }
  return tar;
}

/** The files of an archive that `writeTar` made; undefined: it made no such bytes. Every byte counts, padding too. */
export function readTar(tar: Uint8Array): TarFile[] | undefined {
  const files = looseTar(tar);
  if (files === undefined) return undefined;
  const again = writeTar(files);
  return again.length === tar.length && Buffer.compare(again, tar) === 0 ? files : undefined;
}

/** Where an archive stops being one that `writeTar` made, for people; undefined: it is one. */
export function firstOddByte(tar: Uint8Array): number | undefined {
  const files = looseTar(tar);
  if (files === undefined) return 0;
  const again = writeTar(files);
  const length = Math.max(again.length, tar.length);
  for (let i = 0; i < length; i++) if (again[i] !== tar[i]) return i;
  return undefined;
}

/** Files by name and size alone, whatever else the headers say. */
export function looseTar(tar: Uint8Array): TarFile[] | undefined {
  const files: TarFile[] = [];
  let from = 0;
  while (from + blockBytes <= tar.length && tar[from] !== 0) {
    const name = textAt(tar, from + at.name, 100);
    const digits = textAt(tar, from + at.size, 12);
    if (!namePattern.test(name) || !/^[0-7]{11}$/.test(digits)) return undefined;
    const size = Number.parseInt(digits, 8);
    if (from + blockBytes + size > tar.length) return undefined;
    files.push({ name, bytes: tar.subarray(from + blockBytes, from + blockBytes + size) });
    from += blockBytes + padded(size);
  }
  return files.length === 0 ? undefined : files;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

function headerOf(name: string, bytes: number): Uint8Array {
  const header = new Uint8Array(blockBytes);
  const put = (text: string, to: number) => header.set(Buffer.from(text, 'latin1'), to);
  put(name, at.name);
  put(mode, at.mode);
  put(nobody, at.uid);
  put(nobody, at.gid);
  put(bytes.toString(8).padStart(11, '0'), at.size);
  put(noTime, at.mtime);
  put('0', at.type);
  put('ustar\u000000', at.magic);
  // The sum counts its own field as blanks.
  header.fill(0x20, at.sum, at.sum + sumBytes);
  const sum = header.reduce((all, byte) => all + byte, 0);
  put(`${sum.toString(8).padStart(6, '0')}\u0000 `, at.sum);
  return header;
}

function textAt(bytes: Uint8Array, from: number, length: number): string {
  const field = bytes.subarray(from, from + length);
  const end = field.indexOf(0);
  return Buffer.from(end < 0 ? field : field.subarray(0, end)).toString('latin1');
}
