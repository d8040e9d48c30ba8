import { FourninesError } from '../../../core/runtime/error.ts';

/**
 * The commands that are sent to ovs-vswitchd, each with the options it may have. The same socket takes commands that
 * stop the daemon, clear counters or move queues, and has no rights of its own: what is not in this list is not sent.
 */
const readOnlyCommands = {
  version: /^$/,
  'list-commands': /^$/,
  'coverage/show': /^$/,
  'memory/show': /^$/,
  'dpif/show': /^$/,
  'upcall/show': /^$/,
  'dpctl/dump-dps': /^$/,
  'dpctl/show': /^(-s|--statistics)$/,
  'dpctl/dump-flows': /^(-m|--names|--no-names|type=[a-z,]+|pmd=-?\d+)$/,
  'dpif-netdev/pmd-perf-show': /^(-nh|-pmd|\d+)$/,
  'dpif-netdev/pmd-rxq-show': /^(-secs|-pmd|\d+)$/,
  'dpif-netdev/pmd-sleep-show': /^(-pmd|\d+)$/,
} as const satisfies Record<string, RegExp>;

export type ReadOnlyCommand = keyof typeof readOnlyCommands;

/** A datapath, as `netdev@ovs-netdev`. */
const datapathName = /^[\w.-]+@[\w.-]+$/;
const datapathCommand = /^dp/;

/** Throws FN_OVS_REFUSED for everything that is not known to only read. */
export function checkReadOnly(command: string, args: readonly string[]): void {
  const options = Object.hasOwn(readOnlyCommands, command) ? readOnlyCommands[command as ReadOnlyCommand] : undefined;
  const isKnown =
    options !== undefined &&
    args.every((arg) => options.test(arg) || (datapathCommand.test(command) && datapathName.test(arg)));
  if (isKnown) return;
  throw new FourninesError('FN_OVS_REFUSED', 'only commands that are known to read are sent to ovs-vswitchd', {
    context: { command, args: args.join(' ') },
  });
}
