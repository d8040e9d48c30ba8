import { directions } from '../../../core/catalogue/kind-parts.ts';

/** A port and direction as a place in the order of pages. */
export interface PortKey {
  readonly host: string;
  readonly port: string;
  readonly direction: (typeof directions)[number];
}

/** Rows behind `after` up to `until`, both optional; the order is (host, port, direction as in the catalogue). */
export const pageParameters = {
  afterHost: 'String',
  afterPort: 'String',
  afterDirection: 'UInt8',
  untilHost: 'String',
  untilPort: 'String',
  untilDirection: 'UInt8',
} as const;

export const inPage =
  "({afterHost:String} = '' OR (t.host, t.port, toUInt8(t.direction)) > ({afterHost:String}, {afterPort:String}, {afterDirection:UInt8})) AND " +
  "({untilHost:String} = '' OR (t.host, t.port, toUInt8(t.direction)) <= ({untilHost:String}, {untilPort:String}, {untilDirection:UInt8}))";

export function pageOf({
  after,
  until,
}: {
  readonly after?: PortKey | undefined;
  readonly until?: PortKey | undefined;
}) {
  return {
    afterHost: after?.host ?? '',
    afterPort: after?.port ?? '',
    afterDirection: codeOf(after),
    untilHost: until?.host ?? '',
    untilPort: until?.port ?? '',
    untilDirection: codeOf(until),
  };
}

function codeOf(key: PortKey | undefined): number {
  return key === undefined ? 0 : directions.indexOf(key.direction) + 1;
}
