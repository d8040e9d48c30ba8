import { FourninesError } from '../../core/runtime/error.ts';

/** Longer than any link of ours; Slack takes 3,000 characters. */
export const urlLengthMax = 2_000;

/** Makes links below the product's own address. A path that would lead elsewhere gives the address itself. */
export class Address {
  readonly #base: URL;

  constructor(baseUrl: string) {
    const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
    if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== '' || base.password !== '') {
      throw new FourninesError('FN_RECEIVER', 'the address for links is no http or https URL without a password');
    }
    base.search = '';
    base.hash = '';
    if (!base.pathname.endsWith('/')) base.pathname += '/';
    this.#base = base;
  }

  get url(): string {
    return this.#base.href;
  }

  /** `path` begins with a slash and may have a query; it comes from us, but holds names that others chose. */
  link(path: string): string {
    const text = `${this.#base.href}${path.replace(/^\/+/, '')}`;
    const url = URL.canParse(text) ? new URL(text) : this.#base;
    const isBelow = url.origin === this.#base.origin && url.pathname.startsWith(this.#base.pathname);
    return isBelow && url.href.length <= urlLengthMax ? url.href : this.#base.href;
  }
}
