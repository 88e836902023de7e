/** What is wrong with a manifest, where. Shown by the command line, the log and the admin endpoint. */
export type Problem = {
  /** As the user would name it: the path given, with the file's path inside a folder appended. */
  readonly file: string;
  /** 1-based; 0 where the file as a whole is meant (unreadable, too large). */
  readonly document: number;
  /** 1-based. */
  readonly line?: number;
  /** `HTTPRoute default/web`, where the document told so much. */
  readonly object?: string;
  /** `spec.rules[0].matches[0].path.value`. */
  readonly field?: string;
  readonly message: string;
};

/** One line: `routes.yaml:12 (document 2, HTTPRoute default/web): spec.hostnames[0]: must be ...`. */
export function formatProblem(problem: Problem): string {
  const {file, document, line, object, field, message} = problem;
  const place = [document === 0 ? undefined : `document ${document}`, object].filter((part) => part !== undefined);
  const where = `${file}${line === undefined ? '' : `:${line}`}${place.length === 0 ? '' : ` (${place.join(', ')})`}`;
  return `${where}: ${field === undefined || field === '' ? '' : `${field}: `}${message}`;
}
