/** The engine keeps rows of all types side by side; the definition that made a row is the one it is handed back to. */
export const erased = (row: unknown): never => row as never;

/** What to say of anything that was thrown; there are values that cannot even be turned into text. */
export function messageOf(error: unknown): string {
  try {
    return error instanceof Error ? error.message : String(error);
  } catch {
    return 'something that has no text was thrown';
  }
}
