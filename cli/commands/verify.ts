import { readFileSync, statSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Command } from 'commander';
import { FourninesError, systemCode } from '../../core/runtime/error.ts';
import { type BundleReport, verifyBundle } from '../../server/breach/verify-bundle.ts';
import { jsonOption } from '../options.ts';

/** A server keeps bundles of at most 64 MiB of rows; what is larger is none of its. */
const fileBytesMax = 80 << 20;
const gzipMagic = [0x1f, 0x8b];

export function verifyCommand(): Command {
  return new Command('verify')
    .description('check the evidence of breaches: every hash, and every figure computed again from the rows')
    .argument('<file...>', 'bundles (.tar, may be gzip), as the page and the API give them')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExit codes: 0 all hold; 1 something does not (which file, which figure); 2 not a bundle.\n' +
        'The hash of the change is what the server shows beside it; compare it with what you were told at the time.',
    )
    .action(verifyFiles);
}

function verifyFiles(files: readonly string[], { json }: { readonly json?: boolean }): void {
  // Nothing is printed of some when another one is none.
  const told = files.map((file) => ({ file, report: reportOf(file) }));
  if (json) {
    const bundles = told.map(({ file, report }) => ({ file, holds: report.findings.length === 0, ...report }));
    process.stdout.write(`${JSON.stringify({ bundles })}\n`);
  } else {
    for (const { file, report } of told) process.stdout.write(textOf(file, report));
  }
  if (told.some(({ report }) => report.findings.length > 0)) process.exitCode = 1;
}

function textOf(file: string, { slo, breach, entry, state, verdict, change, findings }: BundleReport): string {
  const what = `${slo}, breach ${breach}, change ${entry} (${state}), verdict ${verdict}, sha256 ${change}`;
  if (findings.length === 0) return `${file}: holds: ${what}\n`;
  const lines = findings.map((finding) => `  ${finding.file}: ${finding.what}\n`);
  return `${file}: DOES NOT HOLD: ${what}\n${lines.join('')}`;
}

function reportOf(file: string): BundleReport {
  const bytes = readBundle(file);
  const report = verifyBundle(bytes);
  if (report !== undefined) return report;
  throw new FourninesError('FN_USAGE', `${file} is not a bundle of a breach`, {
    hint: 'Download it from the page of the breach, or from /api/v1/breaches/ID/changes/N/bundle.',
  });
}

function readBundle(file: string): Uint8Array {
  try {
    const { size } = statSync(file);
    if (size > fileBytesMax) throw new FourninesError('FN_USAGE', `${file} has ${size} bytes: too large for a bundle`);
    const bytes = readFileSync(file);
    if (!gzipMagic.every((byte, i) => bytes[i] === byte)) return bytes;
    return gunzipSync(bytes, { maxOutputLength: fileBytesMax });
  } catch (error) {
    const code = systemCode(error);
    if (error instanceof FourninesError || code === undefined) throw error;
    const what = code.startsWith('Z_') || code === 'ERR_BUFFER_TOO_LARGE' ? 'cannot be unpacked' : 'cannot be read';
    throw new FourninesError('FN_USAGE', `${file} ${what} (${code})`, { cause: error });
  }
}
