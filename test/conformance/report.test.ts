import {expect, it} from 'vitest';
import {type ConformanceReport, reportTable} from './report.ts';

const report: ConformanceReport = {
  gatewayAPIVersion: 'v1.7.0',
  gatewayAPIChannel: 'experimental',
  mode: 'default',
  implementation: {version: 'v0.1.0'},
  profiles: [
    {
      name: 'GATEWAY-UDP',
      core: {result: 'failure', statistics: {Passed: 1, Failed: 20, Skipped: 0}},
    },
    {
      name: 'GATEWAY-HTTP',
      core: {result: 'success', statistics: {Passed: 40, Failed: 0, Skipped: 0}},
      extended: {
        result: 'partial',
        statistics: {Passed: 35, Failed: 0, Skipped: 1},
        unsupportedFeatures: ['ClusterTrustBundle', 'ListenerSet'],
      },
    },
  ],
};

it('is a table of profiles with what they lack', () => {
  expect(reportTable({...report, succeededProvisionalTests: ['HTTPRoutePreserveForeignStatus']}).join('\n')).toBe(
    `
profile       core     passed  failed  skipped  extended  passed  failed  skipped
GATEWAY-HTTP  success  40      0       0        partial   35      0       1
  not supported: ClusterTrustBundle, ListenerSet
GATEWAY-UDP   failure  1       20      0        -         -       -       -
provisional: HTTPRoutePreserveForeignStatus`.trimStart(),
  );
});

it('is empty where nothing was run', () => {
  expect(reportTable({...report, profiles: null})).toHaveLength(1);
});
