/** Datapaths of a page: those behind `after` up to `until`, in order of (host, datapath); all parameters optional. */

export interface DatapathKey {
  readonly host: string;
  readonly datapath: string;
}

export const datapathParameters = {
  host: 'String',
  datapath: 'String',
  afterHost: 'String',
  afterDatapath: 'String',
  untilHost: 'String',
  untilDatapath: 'String',
} as const;

/** `column` names the datapath; tables of drops call it a port. */
export function inDatapathPage(column: string): string {
  const key = `(t.host, t.${column})`;
  return (
    `({host:String} = '' OR t.host = {host:String}) AND ({datapath:String} = '' OR t.${column} = {datapath:String}) AND ` +
    `({afterHost:String} = '' OR ${key} > ({afterHost:String}, {afterDatapath:String})) AND ` +
    `({untilHost:String} = '' OR ${key} <= ({untilHost:String}, {untilDatapath:String}))`
  );
}

export interface DatapathsAsked {
  readonly host?: string | undefined;
  readonly datapath?: string | undefined;
  readonly after?: DatapathKey | undefined;
  readonly until?: DatapathKey | undefined;
}

export function datapathPage({ host = '', datapath = '', after, until }: DatapathsAsked) {
  return {
    host,
    datapath,
    afterHost: after?.host ?? '',
    afterDatapath: after?.datapath ?? '',
    untilHost: until?.host ?? '',
    untilDatapath: until?.datapath ?? '',
  };
}
