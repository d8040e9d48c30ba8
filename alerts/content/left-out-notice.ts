import type { FormNotice } from '../channel.ts';

/** Says in the delivery log how much of a notification its body had no room for. */
export function leftOutNotices(leftOut: number): FormNotice[] {
  return leftOut === 0 ? [] : [{ code: 'left_out', message: `${leftOut} alerts had no room and are only counted` }];
}
