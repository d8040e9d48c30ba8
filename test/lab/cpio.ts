/** A file of an archive: a folder where `content` is left out, a character device where `device` is given. */
export interface CpioEntry {
  readonly path: string;
  /** Permissions, as 0o755. */
  readonly mode: number;
  readonly content?: Buffer;
  /** Major and minor number. */
  readonly device?: readonly [number, number];
}

const folder = 0o040_000;
const character = 0o020_000;
const regular = 0o100_000;

/** An archive in the form that the kernel unpacks at its start ("newc": Documentation/driver-api/early-userspace/buffer-format.rst). */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map((entry, index) => record(entry, index + 1));
  return Buffer.concat([...parts, record({ path: 'TRAILER!!!', mode: 0 }, 0)]);
}

function record({ path, mode, content, device }: CpioEntry, inode: number): Buffer {
  const kind = device !== undefined ? character : content !== undefined ? regular : inode === 0 ? 0 : folder;
  const [major, minor] = device ?? [0, 0];
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, kind | mode, 0, 0, 1, 0, content?.length ?? 0, 0, 0, major, minor, name.length, 0];
  const head = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
  return Buffer.concat([padded(Buffer.concat([head, name])), padded(content ?? Buffer.alloc(0))]);
}

/** Everything begins at a multiple of four bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
