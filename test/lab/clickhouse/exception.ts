/** An error as the HTTP interface tells it. */
export class Exception extends Error {
  readonly code: number;

  constructor(code: number, name: string, what: string) {
    super(`Code: ${code}. DB::Exception: ${what} (${name})`);
    this.code = code;
  }
}

/** Status of an answer by the exception's number; 500 for all others. As the real server maps them. */
const statuses: Readonly<Record<number, number>> = {
  ...{ 60: 404, 81: 404, 16: 404, 46: 404, 47: 404, 107: 404, 178: 404, 192: 404 },
  ...{ 6: 400, 7: 400, 26: 400, 27: 400, 36: 400, 38: 400, 41: 400, 42: 400, 43: 400, 53: 400, 62: 400, 69: 400 },
  ...{ 70: 400, 72: 400, 115: 404, 117: 400, 130: 400, 131: 400, 456: 400, 457: 400 },
  ...{ 159: 408, 209: 408, 241: 500, 252: 500, 48: 501, 97: 403, 164: 403, 291: 403, 497: 403, 516: 403 },
  ...{ 194: 401, 372: 404, 373: 403, 439: 503, 202: 503 },
};

export function statusOf(code: number): number {
  return statuses[code] ?? 500;
}

/** Number and text of anything that chDB threw. */
export function toldOf(error: unknown, version: string): { readonly code: number; readonly text: string } {
  const message = error instanceof Error ? error.message : String(error);
  const of = error as { readonly clickhouseCode?: unknown; readonly code?: unknown };
  const code = typeof of.clickhouseCode === 'number' ? of.clickhouseCode : Number(of.code);
  const text = /^Code: \d+/.test(message) ? message : `Code: 1002. DB::Exception: ${message} (UNKNOWN_EXCEPTION)`;
  return { code: Number.isInteger(code) ? code : 1002, text: `${text.trimEnd()} (version ${version})\n` };
}
