import { FourninesError } from '../../core/runtime/error.ts';

/**
 * Text with places for values. Nothing in it is code: it can name what we offer, ask whether that is known, and repeat a
 * part for each item of a list.
 *
 *   {name}                    the value
 *   {?name} ... {/name}       only if the value is known
 *   {!name} ... {/name}       only if it is not
 *   {#name} ... {/name}       once for each item of a list; in it, the item's names come first
 *   {{ and }}                 braces
 *
 * A mark with one of these signs that has a line to itself leaves no empty line behind.
 */
export type Template = readonly TemplatePart[];

type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string; readonly line: number }
  | {
      readonly kind: 'known' | 'unknown' | 'each';
      readonly name: string;
      readonly line: number;
      readonly parts: Template;
    };

/** `unknown` is what to write where a value is not known; it is never an empty place and never a zero. */
export interface TemplateValue {
  readonly text: string;
  readonly isKnown: boolean;
}

/** What a template may name: values, and lists of further scopes. undefined: there is no such name. */
export interface TemplateScope {
  value(name: string): TemplateValue | undefined;
  list(name: string): readonly TemplateScope[] | undefined;
}

export const templateLengthMax = 8_192;
const depthMax = 3;
const nameForm = /^[a-z][a-z0-9_]*(\.[A-Za-z0-9_.:/-]{1,100})?$/;
const openings = { '?': 'known', '!': 'unknown', '#': 'each' } as const;

/** Reads a template; every mistake is an error that names the line and what is wrong there. */
export function parseTemplate(text: string): Template {
  if (text.length > templateLengthMax) {
    throw wrong(1, `it has ${text.length} characters, more than ${templateLengthMax}`);
  }
  const open: { parts: TemplatePart[]; name: string; line: number }[] = [{ parts: [], name: '', line: 1 }];
  for (const token of tokensOf(text)) place(token, open);
  const last = open.at(-1);
  if (last !== undefined && open.length > 1) throw wrong(last.line, `{/${last.name}} is missing`);
  return open[0]?.parts ?? [];
}

type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'mark'; readonly mark: string; readonly name: string; readonly line: number };

function* tokensOf(text: string): Generator<Token> {
  // A mark that has a line to itself takes the line with it; then doubled braces, marks, braces alone, and text between.
  const pattern = /(?<=^|\n)\{([?!#/][^{}\n]*)\}[ \t]*\n|\{\{|\}\}|\{([^{}\n]*)\}|[{}]|[^{}]+/g;
  let line = 1;
  for (const match of text.matchAll(pattern)) {
    const [found, alone, beside] = match;
    const inner = alone ?? beside;
    if (found === '{{' || found === '}}') yield { kind: 'text', text: found.slice(1) };
    else if (found === '{' || found === '}')
      throw wrong(line, `a ${found} stands alone; write ${found}${found} for one`);
    else if (inner === undefined) yield { kind: 'text', text: found };
    else yield markOf(inner, line);
    line += found.split('\n').length - 1;
  }
}

function markOf(inner: string, line: number): Token {
  const mark = /^[?!#/]/.test(inner) ? inner.slice(0, 1) : '';
  const name = inner.slice(mark.length);
  if (!nameForm.test(name)) throw wrong(line, `{${inner.slice(0, 80)}} is no name`);
  return { kind: 'mark', mark, name, line };
}

function place(token: Token, open: { parts: TemplatePart[]; name: string; line: number }[]): void {
  const inner = open.at(-1);
  if (inner === undefined) return;
  if (token.kind === 'text') {
    inner.parts.push(token);
    return;
  }
  const { mark, name, line } = token;
  if (mark === '/') {
    if (open.length === 1 || inner.name !== name) throw wrong(line, `{/${name}} ends what was not begun`);
    open.pop();
  } else if (mark === '') {
    inner.parts.push({ kind: 'value', name, line });
  } else {
    if (open.length > depthMax) throw wrong(line, `parts lie in each other more than ${depthMax} deep`);
    const parts: TemplatePart[] = [];
    inner.parts.push({ kind: openings[mark as keyof typeof openings], name, line, parts });
    open.push({ parts, name, line });
  }
}

/**
 * Finds names that are not offered in every part, also in those that this scope would leave out. `scope` is a sample: of
 * each list, its first item stands for all.
 */
export function checkTemplate(template: Template, scope: TemplateScope): void {
  for (const part of template) {
    if (part.kind === 'text') continue;
    if (part.kind === 'each') {
      const [first] = itemsOf(part, scope);
      if (first !== undefined) checkTemplate(part.parts, within(first, scope));
      continue;
    }
    valueFor(part, scope);
    if (part.kind !== 'value') checkTemplate(part.parts, scope);
  }
}

/** Fills a template. A name that is not offered is an error, and so is text that would grow beyond `lengthMax`. */
export function renderTemplate(template: Template, scope: TemplateScope, lengthMax: number): string {
  const pieces: string[] = [];
  let length = 0;
  const write = (text: string, line: number): void => {
    length += text.length;
    if (length > lengthMax) throw wrong(line, `it gives more than ${lengthMax} characters`);
    pieces.push(text);
  };
  fill(template, scope, write);
  return pieces.join('');
}

function fill(template: Template, scope: TemplateScope, write: (text: string, line: number) => void): void {
  for (const part of template) {
    if (part.kind === 'text') {
      write(part.text, 1);
      continue;
    }
    if (part.kind === 'each') {
      for (const item of itemsOf(part, scope)) fill(part.parts, within(item, scope), write);
      continue;
    }
    const value = valueFor(part, scope);
    if (part.kind === 'value') write(value.text, part.line);
    else if (value.isKnown === (part.kind === 'known')) fill(part.parts, scope, write);
  }
}

interface Named {
  readonly name: string;
  readonly line: number;
}

function valueFor(part: Named, scope: TemplateScope): TemplateValue {
  const value = scope.value(part.name);
  if (value === undefined) throw unknownName(part, scope.list(part.name) === undefined ? '' : 'is a list');
  return value;
}

function itemsOf(part: Named, scope: TemplateScope): readonly TemplateScope[] {
  const items = scope.list(part.name);
  if (items === undefined) throw unknownName(part, scope.value(part.name) === undefined ? '' : 'is no list');
  return items;
}

function within(inner: TemplateScope, outer: TemplateScope): TemplateScope {
  return {
    value: (name) => inner.value(name) ?? outer.value(name),
    list: (name) => inner.list(name) ?? outer.list(name),
  };
}

function unknownName({ name, line }: Named, why: string): FourninesError {
  return wrong(line, why === '' ? `there is nothing called {${name}}` : `{${name}} ${why}`);
}

function wrong(line: number, what: string): FourninesError {
  return new FourninesError('FN_TEMPLATE', `template line ${line}: ${what}`, { context: { line } });
}
