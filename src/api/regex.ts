/** Users' regular expressions. They end up in RE2 (Envoy) or Rust's regex crate (agentgateway): no look-around, no back-references. */
import {RE2JS} from 're2js';

/** The reason why `pattern` is not an RE2 expression, or undefined where it is one. */
export function compileRegex(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
