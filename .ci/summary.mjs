// Adds up vitest's JSON reports: `node .ci/summary.mjs REPORT...`. A missing or broken report is a failure.
import {readFileSync} from 'node:fs';

const sum = {passed: 0, failed: 0, skipped: 0};
for (const file of process.argv.slice(2)) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    sum.passed += report.numPassedTests;
    // A suite that fails to load counts no test of its own.
    const broken = report.testResults.filter(
      (suite) => suite.status === 'failed' && suite.assertionResults.length === 0,
    );
    sum.failed += report.numFailedTests + broken.length;
    sum.skipped += report.numPendingTests + report.numTodoTests;
  } catch (error) {
    console.error(`no test report: ${error.message}`);
    sum.failed += 1;
  }
}
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
