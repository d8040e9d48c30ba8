import { FourninesError } from '../../core/runtime/error.ts';
import type { Refused } from './admit.ts';
import { nativeBlock, stringRun } from './native-block.ts';

export const deadLetterTable = 'dead_letter';
export const deadLetterColumns = ['at', 'partition', 'offset', 'key', 'code', 'reason', 'bytes'] as const;

/** The Native block of letters; `atMs` is when they were given up, ms since 1970. */
export function deadLetterBlock(letters: readonly Refused[], atMs: number): Buffer {
  const numbers = (bytes: 4 | 8, write: (out: Buffer, letter: Refused, at: number) => void) => {
    const out = Buffer.alloc(letters.length * bytes);
    letters.forEach((letter, i) => {
      write(out, letter, i * bytes);
    });
    return [out];
  };
  const strings = (text: (letter: Refused) => Uint8Array | string) => [
    stringRun(letters.map((letter) => Buffer.from(text(letter)))),
  ];
  return nativeBlock(letters.length, [
    {
      name: 'at',
      type: "DateTime64(3, 'UTC')",
      data: numbers(8, (out, _, at) => out.writeBigInt64LE(BigInt(atMs), at)),
    },
    {
      name: 'partition',
      type: 'UInt32',
      data: numbers(4, (out, { record }, at) => out.writeUInt32LE(record.partition, at)),
    },
    {
      name: 'offset',
      type: 'UInt64',
      data: numbers(8, (out, { record }, at) => out.writeBigUInt64LE(record.offset, at)),
    },
    { name: 'key', type: 'String', data: strings(({ record }) => record.key) },
    { name: 'code', type: 'String', data: strings(({ error }) => error.code) },
    { name: 'reason', type: 'String', data: strings(({ error }) => error.message) },
    { name: 'bytes', type: 'String', data: strings(({ record }) => record.value) },
  ]);
}

/** The letter of a message that the store itself refused. */
export function refusedByStore(record: Refused['record'], cause: FourninesError): Refused {
  return {
    record,
    error: new FourninesError(cause.code, cause.message, { cause, context: cause.context }),
  };
}
