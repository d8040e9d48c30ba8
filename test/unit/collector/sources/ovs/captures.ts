import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../../../golden/ovs/', import.meta.url);

export function capture(name: string): string {
  return readFileSync(new URL(name, root), 'utf8');
}

/** All captures whose file name holds `part`, as `3.1/dummy-show.txt`. */
export function capturesOf(part: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.txt') && name.includes(part))
    .sort();
}
