import { counterOf, type PassedOver, smallNumberOf, UnknownLines } from './report-text.ts';

export interface DatapathFlow {
  /** The PMD's core, `main` for the main thread, undefined in datapaths without PMDs. The same flow may be on several. */
  readonly core: number | 'main' | undefined;
  readonly ufid: string | undefined;
  /** Number in the datapath; undefined when the flow has none (a packet from a controller). */
  readonly inPort: number | undefined;
  /** Without the packet of the upcall that made the flow: the daemon executed that one itself. */
  readonly packets: bigint;
  readonly bytes: bigint;
  /** Whether hardware forwards its packets, which the software counters of ports then may not show. */
  readonly offloaded: 'no' | 'partial' | 'yes';
  /** Outputs to ports, those inside clone() too: a packet comes out this many times. */
  readonly outputs: number;
  /** Of those, the ones that depend on the packet (sample, check_pkt_len, dec_ttl): it may come out fewer times. */
  readonly conditionalOutputs: number;
  /** An explicit drop, or no action at all. */
  readonly drop: boolean;
  readonly userspace: boolean;
  /** The switch itself takes the packet, for a protocol of its own or a controller; else the upcall runs its true actions. */
  readonly consumes: boolean;
  readonly tunnelPop: boolean;
  /** The packet passes through the flow table again and is counted by another flow then. */
  readonly recirc: boolean;
  /** May drop by itself. */
  readonly meter: boolean;
}

export interface FlowDump extends PassedOver {
  readonly flows: readonly DatapathFlow[];
}

const coreLine = /^flow-dump from (?:pmd on cpu core: (\d+)|the main thread:)$/;
const flowLine =
  /^(?:ufid:([0-9a-f-]{36}), )?([^\n]*?), packets:(\d+), bytes:(\d+), used:(?:never|-?[\d.]+s)(, [^\n]*?)?, actions:(.*)$/;
const extraInfo = /, dp-extra-info:[\w():,;/ .-]*$/;

/**
 * `dpctl/dump-flows -m --no-names`: the flows of the datapath. It must be asked without names: a port's name may hold
 * commas and parentheses and is printed as it is, so that outputs could not be counted. A flow with an action that is
 * not known is left out and counted as unknown, since it might be an output.
 *
 *     flow-dump from pmd on cpu core: 1
 *     ufid:5f3a…, recirc_id(0),in_port(1),…, packets:12, bytes:720, used:1.040s, dp:ovs, actions:2,3, dp-extra-info:…
 */
export function parseFlowDump(text: string): FlowDump {
  const flows: DatapathFlow[] = [];
  const unknown = new UnknownLines();
  let core: number | 'main' | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const title = coreLine.exec(line);
    if (title !== null) {
      core = title[1] === undefined ? 'main' : smallNumberOf(title[1]);
      continue;
    }
    const flow = flowOf(line, core);
    if (flow === undefined) unknown.add(line);
    else flows.push(flow);
  }
  return { flows, ...unknown.result() };
}

function flowOf(line: string, core: number | 'main' | undefined): DatapathFlow | undefined {
  const [, ufid, key = '', packetDigits, byteDigits, attributes = '', rest = ''] = flowLine.exec(line) ?? [];
  const [packets, bytes] = [counterOf(packetDigits), counterOf(byteDigits)];
  const actions = actionsOf(rest.replace(extraInfo, ''));
  if (packets === undefined || bytes === undefined || actions === undefined) return undefined;
  const inPort = smallNumberOf(/(?:^|,)in_port\((\d+)\)/.exec(key)?.[1]);
  const offload = /, offloaded:(partial|yes)/.exec(attributes)?.[1];
  const offloaded = offload === 'partial' || offload === 'yes' ? offload : 'no';
  return { core, ufid, inPort, packets, bytes, offloaded, ...actions };
}

/** Known actions that forward nothing. */
const otherActions = new Set(
  (
    'trunc tnl_push hash set push_eth pop_eth push_vlan pop_vlan push_mpls pop_mpls add_mpls ct ct_clear ' +
    'push_nsh pop_nsh psample'
  ).split(' '),
);
const conditional = new Set(['sample', 'check_pkt_len', 'dec_ttl']);
const depthMax = 16;

type OpenActions = {
  -readonly [K in Exclude<
    keyof DatapathFlow,
    'core' | 'ufid' | 'inPort' | 'packets' | 'bytes' | 'offloaded'
  >]: DatapathFlow[K];
};

/** Undefined when anything in the list is not understood: half a list must not be counted. */
function actionsOf(text: string): OpenActions | undefined {
  const into: OpenActions = {
    outputs: 0,
    conditionalOutputs: 0,
    drop: false,
    userspace: false,
    consumes: false,
    tunnelPop: false,
    recirc: false,
    meter: false,
  };
  return countActions(text, false, 0, into) ? into : undefined;
}

function countActions(text: string, isConditional: boolean, depth: number, into: OpenActions): boolean {
  const items = splitTopLevel(text);
  if (items === undefined || depth > depthMax) return false;
  return items.every((item) => {
    const open = item.indexOf('(');
    const word = open === -1 ? item : item.slice(0, open);
    if (open !== -1 && !item.endsWith(')')) return false;
    const inner = open === -1 ? [] : innerActions(word, item.slice(open + 1, -1));
    return (
      noteAction(word, item, isConditional, into) &&
      inner.every((list) => countActions(list, isConditional || conditional.has(word), depth + 1, into))
    );
  });
}

/** Reasons for the slow path that end the packet there (ofproto/ofproto-dpif-upcall.c), and packets to a controller. */
const consuming = /slow_path\((?:(?:cfm|bfd|lacp|stp|lldp|controller),?)+\)|controller\(/;

/** False for what is not known. */
function noteAction(word: string, item: string, isConditional: boolean, into: OpenActions): boolean {
  // lb_output goes out by one member of a bond.
  if (/^\d{1,10}$/.test(word) || word === 'lb_output') {
    into.outputs++;
    if (isConditional) into.conditionalOutputs++;
  } else if (word === 'drop') into.drop = true;
  else if (word === 'userspace') {
    into.userspace = true;
    if (consuming.test(item)) into.consumes = true;
  } else if (word === 'tnl_pop') into.tunnelPop = true;
  else if (word === 'recirc') into.recirc = true;
  else if (word === 'meter') into.meter = true;
  else return word === 'clone' || conditional.has(word) || otherActions.has(word);
  return true;
}

/** The lists of actions inside an action. */
function innerActions(word: string, text: string): string[] {
  if (word === 'clone') return [text];
  if (!conditional.has(word)) return [];
  // sample(sample=1.0%,actions(…)), check_pkt_len(size=200,gt(…),le(…)), dec_ttl(le_1(…))
  return (splitTopLevel(text) ?? []).flatMap((part) => {
    const list = /^(?:actions|gt|le|le_1)\((.*)\)$/.exec(part)?.[1];
    return list === undefined ? [] : [list];
  });
}

/** Splits at the commas outside of parentheses; undefined when the parentheses do not fit. */
function splitTopLevel(text: string): string[] | undefined {
  const items: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '(') depth++;
    else if (character === ')') depth--;
    if (depth < 0) return undefined;
    if (character === ',' && depth === 0) {
      items.push(text.slice(start, at));
      start = at + 1;
    }
  }
  items.push(text.slice(start));
  return depth === 0 ? items : undefined;
}
