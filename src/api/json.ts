/** Plain data, as manifests are made of. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = {readonly [field: string]: Json};

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of objects, field by field; anything else that `over` has replaces what `base` has. */
export function deepMerge<T extends JsonObject>(base: T, over: T): T {
  const merged: Record<string, Json> = {...base};
  for (const [field, value] of Object.entries(over)) {
    const below = merged[field];
    merged[field] = isJsonObject(below) && isJsonObject(value) ? deepMerge(below, value) : value;
  }
  // Every field is that of one of two objects of the type, or a merge of both.
  return merged as T;
}
