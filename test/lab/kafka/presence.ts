import { existsSync } from 'node:fs';

/** Debian's openjdk-17-jre-headless and maven; the broker itself comes from Maven Central. */
const pieces = ['/usr/bin/java', '/usr/bin/mvn'];

/** Tests on a real broker are skipped where those are not; with CI=true nothing is skipped. */
export const skipWithoutKafka = !pieces.every((piece) => existsSync(piece)) && process.env['CI'] !== 'true';
