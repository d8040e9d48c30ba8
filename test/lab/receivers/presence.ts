import { existsSync } from 'node:fs';

/** Debian's prometheus-alertmanager (amtool comes with it) and exim4-daemon-light, which runs as a user of its own. */
const pieces = ['/usr/bin/prometheus-alertmanager', '/usr/bin/amtool', '/usr/sbin/exim4'];

/** Tests on real receivers need root and these packages: skipped elsewhere; with CI=true nothing is skipped. */
export const skipWithoutReceivers =
  (process.getuid?.() !== 0 || !pieces.every((piece) => existsSync(piece))) && process.env['CI'] !== 'true';
