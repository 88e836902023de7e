import type {Reporter, TestModule} from 'vitest/node';

/** What a process that tries suites says of them. `failed` = the first test that did. */
export type Report =
  | {readonly kind: 'started'; readonly file: string}
  | {readonly kind: 'ended'; readonly file: string; readonly passed: boolean; readonly failed?: string}
  | {readonly kind: 'finished'};

/** Tells the process that started this one, with which it ends. */
export class TrialReporter implements Reporter {
  constructor() {
    process.once('disconnect', () => process.exit());
  }

  onTestModuleStart({moduleId}: TestModule): void {
    tell({kind: 'started', file: moduleId});
  }

  onTestModuleEnd(module: TestModule): void {
    const [first] = module.children.allTests('failed');
    const [passed] = module.children.allTests('passed');
    tell({
      kind: 'ended',
      file: module.moduleId,
      passed: module.ok() && passed !== undefined,
      ...(first !== undefined && {failed: first.fullName}),
    });
  }

  onTestRunEnd(): void {
    tell({kind: 'finished'});
  }
}

function tell(report: Report): void {
  process.send?.(report);
}
