import {describe, expect, it} from 'vitest';
import {type Outcome, readOutcomes, type TestEvent} from './outcomes.ts';

const root = 'TestConformance';

function outcomesOf(...events: readonly TestEvent[]) {
  const outcomes: Outcome[] = [];
  const reader = readOutcomes((outcome) => outcomes.push(outcome));
  for (const event of events) reader.read(event);
  return {outcomes, rest: reader.rest()};
}
const log = (test: string, text: string): TestEvent => ({Action: 'output', Test: `${root}/${test}`, Output: text});
const fail = (test: string, seconds: number): TestEvent => ({
  Action: 'fail',
  Test: `${root}/${test}`,
  Elapsed: seconds,
});
/** As test2json hands over an error of several lines. */
const error = (test: string, text: string): readonly TestEvent[] =>
  text.split('\n').map((line, i) => ({
    ...log(test, `${line}\n`),
    OutputType: i === 0 ? ('error' as const) : ('error-continue' as const),
  }));

/** What an assertion of testify prints in the suite. */
const assertion = `    backendtlspolicy.go:84: 
        \tError Trace:\tsigs.k8s.io/gateway-api/conformance@v1.7.0/utils/kubernetes/helpers.go:1684
        \t            \t\t\t\tsigs.k8s.io/gateway-api/conformance@v1.7.0/tests/backendtlspolicy.go:84
        \tError:      \tReceived unexpected error:
        \t            \tcontext deadline exceeded
        \tTest:       \tTestConformance/BackendTLSPolicy
        \tMessages:   \terror waiting for BackendTLSPolicy infra/normative to have a Condition`;
const inShort =
  'error waiting for BackendTLSPolicy infra/normative to have a Condition: Received unexpected error: context deadline exceeded';

describe('outcomes of the suite', () => {
  it('are those of its tests, and neither of the tests in them nor of the whole', () => {
    const {outcomes} = outcomesOf(
      {Action: 'run', Test: `${root}/HTTPRouteWeight`},
      {Action: 'pass', Test: `${root}/HTTPRouteWeight/a_request`, Elapsed: 1},
      {Action: 'pass', Test: `${root}/HTTPRouteWeight`, Elapsed: 1.5},
      {Action: 'skip', Test: `${root}/MeshBasic`, Elapsed: 0},
      fail('UDPRoute/sends', 3),
      fail('UDPRoute', 4),
      {Action: 'fail', Test: root, Elapsed: 60},
      {Action: 'fail', Elapsed: 60},
    );
    expect(outcomes).toEqual([
      {name: 'HTTPRouteWeight', result: 'passed', seconds: 1.5, reason: []},
      {name: 'MeshBasic', result: 'skipped', seconds: 0, reason: []},
      {name: 'UDPRoute', result: 'failed', seconds: 4, reason: ['it says nothing']},
    ]);
  });

  it('say why a test failed, and what was logged last before', () => {
    const {outcomes} = outcomesOf(
      log('BackendTLSPolicy', '    helpers.go:326: 2026-11-21T18:36:58.466063869Z: Gateways and Pods are ready\n'),
      log('Other', '    helpers.go:1: 2026-11-21T18:36:59Z: of a test beside it\n'),
      {...log('BackendTLSPolicy/a_request', '=== RUN   a_request\n'), OutputType: 'frame'},
      ...error('BackendTLSPolicy/a_request_should_fail', assertion),
      log('BackendTLSPolicy', '    apply.go:295: 2026-11-21T18:36:58.314584602Z: Deleting policy\n'),
      fail('BackendTLSPolicy', 45.21),
    );
    expect(outcomes[0]?.reason).toEqual([`a request should fail: ${inShort}`, 'after: Gateways and Pods are ready']);
  });

  it('say another thing that failed where nothing was logged, and nothing twice', () => {
    const {outcomes} = outcomesOf(
      ...error('BackendTLSPolicy', assertion),
      ...error('BackendTLSPolicy', assertion),
      ...error('BackendTLSPolicy', '    http.go:12: 2026-11-21T18:36:58Z: expected 200,\n        got 404'),
      fail('BackendTLSPolicy', 2),
    );
    expect(outcomes[0]?.reason).toEqual([inShort, 'expected 200, got 404']);
  });

  it('have lines that can be read at a glance', () => {
    const {outcomes} = outcomesOf(...error('X', `    x.go:1: got ${'long '.repeat(1_000)}: too late`), fail('X', 1));
    expect(outcomes[0]?.reason[0]).toMatch(/^got long .{200,300} … .{80,100} : too late$/);
  });

  it('leave what went wrong outside of the tests to the end', () => {
    const setup = error('', '    suite.go:1: 2026-11-21T18:36:58Z: error initializing conformance suite').map(
      (event) => ({
        ...event,
        Test: root,
      }),
    );
    expect(outcomesOf(...setup, {Action: 'fail', Test: root, Elapsed: 1})).toEqual({
      outcomes: [],
      rest: ['error initializing conformance suite'],
    });
    expect(outcomesOf({Action: 'pass', Test: root}).rest).toEqual([]);
  });
});
