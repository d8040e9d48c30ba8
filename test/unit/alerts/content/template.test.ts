import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  parseTemplate,
  renderTemplate,
  type TemplateScope,
  templateLengthMax,
} from '../../../../alerts/content/template.ts';

type Offer = { readonly [name: string]: string | null | readonly Offer[] };

function scopeOf(offer: Offer): TemplateScope {
  return {
    value(name) {
      const found = Object.hasOwn(offer, name) ? offer[name] : undefined;
      if (found === undefined || (found !== null && typeof found !== 'string')) return undefined;
      return { text: found ?? 'unknown', isKnown: found !== null };
    },
    list(name) {
      const found = Object.hasOwn(offer, name) ? offer[name] : undefined;
      return found === undefined || found === null || typeof found === 'string' ? undefined : found.map(scopeOf);
    },
  };
}

const offer: Offer = {
  title: 'Firing',
  tier: null,
  'label.host': 'cn1',
  alerts: [
    { summary: 'one', tier: 'T0', causes: [{ cause: 'a' }, { cause: 'b' }] },
    { summary: 'two', causes: [] },
  ],
  none: [],
};
const said = (text: string): string => renderTemplate(parseTemplate(text), scopeOf(offer), 10_000);

test.each([
  ['no places', 'plain', 'plain'],
  ['a value', 'It is {title}.', 'It is Firing.'],
  ['a value with a dot', '{label.host}', 'cn1'],
  ['what is not known says so', 'tier {tier}', 'tier unknown'],
  ['braces', '{{title}} is {title}', '{title} is Firing'],
  ['known only', '{?title}yes{/title}{?tier}no{/tier}', 'yes'],
  ['unknown only', '{!title}no{/title}{!tier}nobody knows{/tier}', 'nobody knows'],
  ['a list', '{#alerts}[{summary}]{/alerts}', '[one][two]'],
  ['an empty list', 'a{#none}{title}{/none}b', 'ab'],
  ['a list in a list', '{#alerts}{summary}:{#causes}{cause}{/causes} {/alerts}', 'one:ab two: '],
  [
    'names of an item come first, then those around it',
    '{#alerts}{tier},{title};{/alerts}',
    'T0,Firing;unknown,Firing;',
  ],
  ['a mark with a line to itself takes the line with it', 'a\n{?title}\nb\n{/title}\nc', 'a\nb\nc'],
  ['a value that looks like a template is a value', '{title}', 'Firing'],
])('%s', (_, text, expected) => expect(said(text)).toBe(expected));

test('what a value holds is never read as a template', () => {
  expect(renderTemplate(parseTemplate('{x}'), scopeOf({ x: '{{y}} {z} {#a}' }), 100)).toBe('{{y}} {z} {#a}');
});

describe('mistakes are told with their line', () => {
  test.each([
    ['an unknown name', 'a\nb {nothing_such}', 'line 2: there is nothing called {nothing_such}'],
    ['an unknown list', '{#nothing_such}{/nothing_such}', 'line 1: there is nothing called {nothing_such}'],
    ['a name of an item outside of its list', '{summary}', 'there is nothing called {summary}'],
    ['a list as a value', '{alerts}', '{alerts} is a list'],
    ['a value as a list', '{#title}{/title}', '{title} is no list'],
    ['a brace alone', 'a { b', 'a { stands alone; write {{ for one'],
    ['an end alone', 'a } b', 'a } stands alone; write }} for one'],
    ['no name', '{}', '{} is no name'],
    ['an expression', '{1+1}', '{1+1} is no name'],
    ['a call', '{title()}', '{title()} is no name'],
    ['a path into an object', '{title.constructor.prototype}', 'nothing called {title.constructor.prototype}'],
    ['what every object has', '{constructor}', 'there is nothing called {constructor}'],
    ['a part that does not end', 'x\n{?title}', 'line 2: {/title} is missing'],
    ['a part that ends another', '{?title}{/tier}', '{/tier} ends what was not begun'],
    ['an end without a begin', '{/title}', '{/title} ends what was not begun'],
    ['four deep', '{?title}{?title}{?title}{?title}{/title}{/title}{/title}{/title}', 'more than 3 deep'],
    ['much text', 'x'.repeat(templateLengthMax + 1), 'more than 8192'],
  ])('%s', (_, text, why) => {
    expect(() => said(text)).toThrow(
      expect.objectContaining({ code: 'FN_TEMPLATE', message: expect.stringContaining(why) }),
    );
  });

  test('a template that multiplies its output is stopped', () => {
    const many = Array.from({ length: 1000 }, () => ({ inner: [{ deep: [{ x: 'y' }] }] }));
    const text = `{#a}${'{x}'.repeat(2000)}{/a}`;
    const scope = scopeOf({ a: many.map(() => ({ x: 'z'.repeat(300) })) });
    expect(() => renderTemplate(parseTemplate(text), scope, 32_768)).toThrow(
      expect.objectContaining({ code: 'FN_TEMPLATE', message: expect.stringContaining('more than 32768 characters') }),
    );
  });

  test('any text is a template or FN_TEMPLATE, and what is filled in is bounded', () => {
    const piece = fc.constantFrom(
      '{',
      '}',
      '{{',
      '}}',
      '{title}',
      '{#alerts}',
      '{/alerts}',
      '{?tier}',
      '{/tier}',
      '\n',
      'a',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) => {
        try {
          expect(renderTemplate(parseTemplate(pieces.join('')), scopeOf(offer), 500).length).toBeLessThanOrEqual(500);
        } catch (error) {
          expect(error).toMatchObject({ code: 'FN_TEMPLATE' });
        }
      }),
    );
  });
});
