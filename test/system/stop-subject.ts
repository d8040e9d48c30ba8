import { pino } from 'pino';
import { runUntilSignal } from '../../cli/run-until-signal.ts';
import type { Part } from '../../core/runtime/lifecycle.ts';

/**
 * `node stop-subject.ts hangs`: a part that never stops. `node stop-subject.ts starts`: one that takes long to start. Says
 * `up` when it can be told to stop.
 */
const [, , what] = process.argv;
const quick: Part = { name: 'quick', start: async () => undefined, stop: async () => undefined };
const hangs: Part = { ...quick, name: 'hangs', stop: () => new Promise(() => undefined) };
const starts: Part = {
  ...quick,
  name: 'starts',
  start: () => {
    process.stdout.write('up\n');
    return new Promise((resolve) => setTimeout(resolve, 300));
  },
};
// Something must keep the process, as sockets do.
const alive = setInterval(() => undefined, 1_000);
const never: Part = { ...quick, name: 'never', start: async () => void process.stdout.write('never\n') };
await runUntilSignal(what === 'hangs' ? [quick, hangs] : [starts, never], pino(pino.destination(2)), {
  started: () => process.stdout.write('up\n'),
  stopping: () => process.stdout.write('stopping\n'),
  stopDeadlineMs: what === 'hangs' ? 200 : 10_000,
});
clearInterval(alive);
