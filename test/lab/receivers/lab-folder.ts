import { mkdirSync, mkdtempSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LabStateFile } from '../lab-state.ts';

/** A folder of its own for one program, with its state and a place for what it prints. */
export function labFolder(name: string): LabStateFile {
  const folder = mkdtempSync(path.join(tmpdir(), `fournines-lab-${name}-`));
  mkdirSync(path.join(folder, 'log'));
  return new LabStateFile(folder, path.basename(folder));
}

/** One of loopback that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

export function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (is: boolean) => () => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', done(true));
    socket.once('error', done(false));
  });
}
