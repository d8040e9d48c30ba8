import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { FourninesError, toFourninesError } from '../../core/runtime/error.ts';
import type { ErrorCode } from '../../core/runtime/error-catalogue.ts';
import type { Logger } from '../../core/runtime/logger.ts';
import { ObjectMistakes, toldApart } from '../objects/mistakes.ts';
import type { Problem } from './schema/common.ts';

export const statusOf: Partial<Record<ErrorCode, number>> = {
  FN_QUERY_PARAMETER: 400,
  FN_NOT_FOUND: 404,
  FN_STATE_CONFLICT: 409,
  FN_STORE_TIMEOUT: 504,
  FN_STORE_TOO_MUCH: 400,
  FN_STORE_AWAY: 503,
  FN_CONTROL_AWAY: 503,
  FN_CONTROL_TIMEOUT: 504,
  FN_OBJECT_FILE: 400,
  FN_ALERTING_FILE: 400,
  FN_RECEIVER_UNKNOWN: 404,
  FN_SILENCES_FULL: 409,
  FN_SLOTS_FILE: 409,
  FN_BACKUP_BUSY: 503,
  FN_BACKUP_ELSEWHERE: 409,
  FN_SERVER_STOPPING: 503,
  FN_DISK_FULL: 503,
  FN_BUS_FULL: 503,
  FN_TOO_MANY_STREAMS: 503,
};

export interface ProblemDetail {
  readonly where: string;
  readonly problem: string;
}

/** A mistake in a request, with each part that is wrong. */
export class RequestProblem extends FourninesError {
  readonly errors: readonly ProblemDetail[];

  constructor(errors: readonly ProblemDetail[]) {
    super('FN_QUERY_PARAMETER', errors.map(({ where, problem }) => `${where} ${problem}`).join('; '));
    this.errors = errors;
  }
}

/** Answers any error with an RFC 9457 problem document; what is our own mistake is logged, and told without its inside. */
export function problemHandler(logger: Logger) {
  return async (thrown: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): Promise<Problem> => {
    const error = fromFastify(thrown);
    const status = statusOf[error.code] ?? 500;
    if (status === 500) {
      logger.error(
        { code: error.code, reason: error.message, route: request.routeOptions.url ?? '' },
        'request failed',
      );
    }
    reply.status(status).type('application/problem+json');
    return {
      type: `urn:fournines:error:${error.code}`,
      title: titleOf(error.code),
      status,
      code: error.code,
      detail: status === 500 ? 'The server made a mistake; its log has the details.' : error.message,
      hint: error.hint,
      ...errorsOf(error),
    };
  };
}

/** Each mistake by itself, where there may be several. */
function errorsOf(error: FourninesError): { errors?: ProblemDetail[] } {
  if (error instanceof RequestProblem) return { errors: [...error.errors] };
  return error instanceof ObjectMistakes ? { errors: error.mistakes.map(toldApart) } : {};
}

function titleOf(code: ErrorCode): string {
  const words = code.slice('FN_'.length).toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function fromFastify(error: FastifyError | Error): FourninesError {
  if ('validation' in error && error.validation !== undefined) {
    const context = error.validationContext ?? 'request';
    return new RequestProblem(
      error.validation.map(({ instancePath, message, params }) => ({
        where: where(context, instancePath, params),
        problem: problem(message ?? 'does not fit', params),
      })),
    );
  }
  // Refused by the HTTP layer: a broken URL, a body where none belongs.
  if (
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode >= 400 &&
    error.statusCode < 500
  ) {
    return new RequestProblem([{ where: 'request', problem: error.message }]);
  }
  return toFourninesError(error);
}

function where(context: string, path: string, params: Record<string, unknown>): string {
  const extra = params['additionalProperty'];
  const name = typeof extra === 'string' ? extra : path.slice(1);
  return name === '' ? context : `${context}.${name}`;
}

function problem(message: string, params: Record<string, unknown>): string {
  return 'additionalProperty' in params ? 'is not a parameter of this request' : message;
}
