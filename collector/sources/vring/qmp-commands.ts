import { FourninesError } from '../../../core/runtime/error.ts';

/**
 * All that is ever sent to a QEMU. The same socket takes commands that end the guest, and has no rights of its own: what is not
 * in this list cannot be written down (the type) and is not sent (`checkHarmless`). Of the questions about rings, by QEMU 7.2's
 * hw/virtio/virtio.c:
 *
 * - `x-query-virtio-vhost-queue-status` copies what QEMU remembers of a ring of the first queue pair. It is in the list.
 * - `x-query-virtio-queue-status` asks the switch for the ring's base, which stops the ring: the guest loses its network.
 * - `x-query-virtio-queue-element` follows descriptors that the guest wrote: a number out of range aborts QEMU, or marks the
 *   device as broken.
 * - `x-query-virtio-status` aborts on kinds of devices that it does not know, and says nothing that is needed here.
 */
export type QmpCall =
  | { readonly execute: 'qmp_capabilities' | (typeof bare)[number] }
  | { readonly execute: 'qom-get'; readonly arguments: { readonly path: string; readonly property: 'netdev' } }
  | {
      readonly execute: 'x-query-virtio-vhost-queue-status';
      readonly arguments: { readonly path: string; readonly queue: 0 | 1 };
    };

/** They have no arguments, and only copy what QEMU has at hand; `query-cpus-fast` does not disturb processors. */
const bare = ['query-status', 'query-migrate', 'query-chardev', 'query-cpus-fast', 'x-query-virtio'] as const;

type Check = (args: Readonly<Record<string, unknown>>) => boolean;

const none: Check = (args) => Object.keys(args).length === 0;
/** A device in QEMU's tree of objects, as itself tells it. */
const devicePath = /^\/machine\/[\w.,:@[\]-]+(?:\/[\w.,:@[\]-]+)*$/;
const isDevice = (path: unknown) => typeof path === 'string' && path.length <= 512 && devicePath.test(path);
const has = (args: Readonly<Record<string, unknown>>, ...names: readonly string[]) =>
  Object.keys(args).sort().join() === names.join();

const harmless: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['qmp_capabilities', none],
  ...bare.map((name) => [name, none] as const),
  ['qom-get', (args) => has(args, 'path', 'property') && isDevice(args['path']) && args['property'] === 'netdev'],
  [
    'x-query-virtio-vhost-queue-status',
    (args) => has(args, 'path', 'queue') && isDevice(args['path']) && (args['queue'] === 0 || args['queue'] === 1),
  ],
]);

/** Throws FN_QMP_REFUSED for everything that is not known to do no harm. */
export function checkHarmless(call: QmpCall): void {
  const { execute, arguments: args = {}, ...more } = call as { execute: unknown; arguments?: Record<string, unknown> };
  const check = typeof execute === 'string' ? harmless.get(execute) : undefined;
  if (check?.(args) === true && Object.keys(more).length === 0) return;
  throw new FourninesError('FN_QMP_REFUSED', 'only commands that are known to do no harm are sent to QEMU', {
    context: { command: String(execute).slice(0, 100) },
  });
}
