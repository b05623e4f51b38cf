/** An object of which everything may be left out, at any depth. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> | undefined }
    : T;

/** The same without what is `undefined`, which means the default and not a value. */
export function withoutUndefined<T>(settings: T): T {
  if (typeof settings !== "object" || settings === null || Array.isArray(settings)) return settings;
  const copy = { ...settings };
  for (const key in copy) {
    if (copy[key] === undefined) delete copy[key];
    else copy[key] = withoutUndefined(copy[key]);
  }
  return copy;
}
