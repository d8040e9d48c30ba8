export const addressesMax = 50;
const addressLengthMax = 254;
/** A bare address. What has a line break, a bracket or a comma in it could be a second header or a second receiver. */
const addressForm = /^[^\s@<>(),;:\\"[\]\p{Cc}]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,188}[A-Za-z0-9])?$/u;

/** Whether it is an address and nothing else: no name, no list, no quotes. */
export function isBareAddress(text: string): boolean {
  return text.length <= addressLengthMax && addressForm.test(text);
}
