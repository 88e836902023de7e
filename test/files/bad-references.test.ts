import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {resources} from '../../collections/index.ts';
import {shortcomings} from '../../src/cli/check.ts';
import {type Offline, readOffline, statusDocuments} from '../../src/cli/offline.ts';
import {BAD_REFERENCES} from './bad-references.ts';
import {testFolder} from './folder.ts';

const GOOD = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: shared, namespace: good}
spec: {gatewayClassName: envoy, listeners: [{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: narrow, namespace: good}
spec: {gatewayClassName: envoy, listeners: [{name: http, port: 81, protocol: HTTP, hostname: a.org, allowedRoutes: {namespaces: {from: All}}}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: own, namespace: good}
spec: {gatewayClassName: envoy, listeners: [{name: http, port: 82, protocol: HTTP}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: good}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: closed}
spec: {ports: [{port: 80}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {name: all, namespace: good}
spec:
  from: [${BAD_REFERENCES.map(({name}) => `{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: ${name}}`)
    .slice(0, 16)
    .join(', ')}]
  to: [{group: '', kind: Service}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: good, namespace: good}
spec: {parentRefs: [{name: shared}], hostnames: [good.org], rules: [{backendRefs: [{name: web, port: 80}]}]}
`;

describe('manifests that are broken only together with others', () => {
  const folder = testFolder();
  let offline: Offline;
  let told: readonly string[] = [];

  beforeAll(async () => {
    folder.write('good.yaml', GOOD);
    for (const {name, text} of BAD_REFERENCES) folder.write(`${name}.yaml`, text.replaceAll('NS', name));
    offline = await readOffline({file: [folder.path]});
    told = statusDocuments(offline).flatMap(shortcomings);
  });
  afterAll(() => folder[Symbol.dispose]());

  it('are all taken, as an API server would', () => {
    expect(offline.problems).toEqual([]);
  });

  it.each(BAD_REFERENCES)('says what is wrong with $name', ({name, message}) => {
    const own = told.filter((line) => line.includes(` ${name}/bad`)).map((line) => line.replaceAll(name, 'NS'));
    expect(own).toContain(message);
  });

  it('says nothing of what is good', () => {
    expect(told.filter((line) => BAD_REFERENCES.every(({name}) => !line.includes(` ${name}/bad`)))).toEqual([]);
  });

  it('stops nothing: the good route is programmed', () => {
    const names = offline.graph.list(resources).map(({scope, name}) => `${scope} ${name}`);
    expect(names).toContain('envoy/good/shared http-80/good.org');
  });
});
