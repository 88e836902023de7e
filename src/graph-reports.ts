/**
 * What the graph reports on its way to the log. While objects still come in, transforms may fail for want of others that
 * come later: of failures, only those are told that stand once all are there.
 */
import type {TransformError} from './krt/index.ts';

export type GraphReport = {readonly node: string; readonly message: string};

export type GraphReports = {
  readonly take: (report: GraphReport) => void;
  /** All objects are there, and these transforms fail. From now on everything is told at once. */
  readonly complete: (errors: readonly TransformError[]) => void;
};

export function createGraphReports(tell: (report: GraphReport) => void): GraphReports {
  let held: Map<string, GraphReport> | undefined = new Map();
  return {
    take(report) {
      if (held === undefined) tell(report);
      else held.set(`${report.node}: ${report.message}`, report);
    },
    complete(errors) {
      const all = held?.values() ?? [];
      held = undefined;
      for (const report of all) if (!isFailure(report) || errors.some((error) => isAbout(report, error))) tell(report);
    },
  };
}

const isFailure = ({message}: GraphReport): boolean => message.startsWith('the transform failed for ');

const isAbout = ({node, message}: GraphReport, {collection, input, message: why}: TransformError): boolean =>
  node === collection && message.startsWith(`the transform failed for ${input},`) && message.endsWith(`: ${why}`);
