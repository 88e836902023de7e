/** What a failed test has to say for itself, in one or two lines. */

/** A few rows of a terminal; what is too long, such as a whole status, loses its middle. */
const kept = {begin: 260, end: 100};

export type ReportedError = {
  /** Name of the test in the test, as Go makes it of a text; empty where it is none. */
  readonly within: string;
  /** As `go test` prints it. */
  readonly text: string;
};

/**
 * `errors`: all that the test and the tests in it reported. `lastLog`: the last line that was logged before the first of them, which
 * says what was waited for in vain.
 */
export function failureReason(errors: readonly ReportedError[], lastLog: string | undefined): readonly string[] {
  const [first = 'it says nothing', second] = [...new Set(errors.map(summary))];
  const log = plain(lastLog ?? '');
  const lines = [first, log === '' ? second : `after: ${log}`];
  return lines.filter((line) => line !== undefined).map(shortened);
}

function summary({within, text}: ReportedError): string {
  const where = within === '' ? '' : `${within.replaceAll('_', ' ')}: `;
  return where + messageOf(text);
}

/** One error: of `t.Errorf`, or the block that an assertion of testify prints. */
function messageOf(error: string): string {
  if (!error.includes('Error Trace:')) return plain(error);
  const fields = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of error.split('\n')) {
    const field = /^\s*\t([A-Z][A-Za-z ]*):\s*\t(.*)$/.exec(line);
    const [, name, value = ''] = field ?? [];
    if (name === undefined) current.push(line.trim());
    else fields.set(name, (current = [value.trim()]));
  }
  const text = (name: string): string => oneLine((fields.get(name) ?? []).join(' '));
  return [text('Messages'), text('Error')].filter((part) => part !== '').join(': ');
}

/** Without the place in the suite's sources and the time, and in one line. */
const plain = (text: string): string =>
  oneLine(text)
    .replace(/^\S+\.go:\d+: /, '')
    .replace(/^\d{4}-\d\d-\d\dT\S+: /, '');
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
const shortened = (text: string): string =>
  text.length <= kept.begin + kept.end ? text : `${text.slice(0, kept.begin)} … ${text.slice(-kept.end)}`;
