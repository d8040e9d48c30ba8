import { FourninesError } from '../../core/runtime/error.ts';
import type { Admitted, Refused } from './admit.ts';
import { nativeBlock, stringRun } from './native-block.ts';

export const deadLetterTable = 'dead_letter';
export const deadLetterColumns = [
  ...(['at', 'partition', 'offset', 'key', 'code', 'reason', 'bytes'] as const),
  ...(['topic', 'host', 'stream', 'seq', 'refused_by'] as const),
];

/** The Native block of letters from the log `topic`; `atMs` is when they were given up, ms since 1970. */
export function deadLetterBlock(letters: readonly Refused[], topic: string, atMs: number): Buffer {
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
    { name: 'topic', type: 'String', data: strings(() => topic) },
    { name: 'host', type: 'String', data: strings(({ message }) => message?.host ?? '') },
    { name: 'stream', type: 'String', data: strings(({ message }) => message?.stream ?? '') },
    {
      name: 'seq',
      type: 'Nullable(UInt64)',
      data: [
        Buffer.from(letters.map(({ message }) => (message === undefined ? 1 : 0))),
        ...numbers(8, (out, { message }, at) => out.writeBigUInt64LE(message?.seq ?? 0n, at)),
      ],
    },
    { name: 'refused_by', type: 'String', data: strings(({ refusedBy }) => refusedBy ?? '') },
  ]);
}

/** The letter of a message that the store itself refused. */
export function refusedByStore({ record, message }: Admitted, table: string, cause: FourninesError): Refused {
  return {
    record,
    message,
    refusedBy: table,
    error: new FourninesError(cause.code, cause.message, { cause, context: cause.context }),
  };
}
