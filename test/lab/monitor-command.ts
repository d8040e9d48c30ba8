import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * One command to a QEMU over its monitor, for whoever plays the host in the lab: pause, reset, migrate. Bounded to 10 s. The
 * product has its own client, which can do none of this.
 */
export async function monitorCommand(path: string, execute: string, args: object = {}): Promise<unknown> {
  const socket = connect(path);
  socket.setTimeout(10_000, () => socket.destroy(new Error(`${execute}: no answer within 10 s`)));
  try {
    await once(socket, 'connect');
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const next = async (name: string): Promise<unknown> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`${execute}: QEMU closed the connection`);
        const message = JSON.parse(String(value)) as Record<string, unknown>;
        if (message['error'] !== undefined) throw new Error(`${execute}: ${JSON.stringify(message['error'])}`);
        if (Object.hasOwn(message, name)) return message[name];
      }
    };
    await next('QMP');
    socket.write('{"execute":"qmp_capabilities"}\n');
    await next('return');
    socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    return await next('return');
  } finally {
    socket.destroy();
  }
}
