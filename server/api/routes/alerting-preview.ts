import { messageOf, previewTemplate } from '../../../alerts/content/message.ts';
import { sampleNotification } from '../../../alerts/content/sample.ts';
import { FourninesError } from '../../../core/runtime/error.ts';
import { ownPageOnly } from '../own-page-only.ts';
import { type ProblemDetail, RequestProblem } from '../problem.ts';
import { PreviewBody, TemplatePreview } from '../schema/alerting.ts';
import { Problem } from '../schema/common.ts';
import type { Api } from '../server.ts';

export interface PreviewContext {
  /** Where links of a message lead. */
  readonly baseUrl: () => string;
}

const parts = ['title', 'text'] as const;

/** What a receiver would read by a template: filled with a sample, sent to nobody, kept nowhere. */
export function alertingPreviewRoute(api: Api, { baseUrl }: PreviewContext): void {
  api.post(
    '/alerting/preview',
    {
      schema: { body: PreviewBody, response: { 200: TemplatePreview, '4xx': Problem, '5xx': Problem } },
      onRequest: ownPageOnly,
    },
    async ({ body: { template, language = 'en', zone = 'UTC' } }) => {
      const context = { baseUrl: baseUrl(), language, zone };
      const mistakes = parts.flatMap((part) => mistakeOf(part, template[part], context));
      if (mistakes.length > 0) throw new RequestProblem(mistakes);
      const message = messageOf(sampleNotification, { ...context, template });
      const { title, text, notices } = message;
      return { title, text, language: message.language, notices: notices.map((notice) => ({ ...notice })) };
    },
  );
}

/** A message falls back to the built-in words; who writes a template wants to know why. */
function mistakeOf(
  part: (typeof parts)[number],
  template: string | undefined,
  context: Parameters<typeof previewTemplate>[1],
): ProblemDetail[] {
  if (template === undefined) return [];
  try {
    previewTemplate(template, context);
    return [];
  } catch (error) {
    if (!(error instanceof FourninesError) || error.code !== 'FN_TEMPLATE') throw error;
    return [{ where: `body.template.${part}`, problem: error.message }];
  }
}
