// What a Pod of a test runs: asks the API server who it is, as clients inside of a cluster find it.
import {readFileSync} from 'node:fs';
import {request} from 'node:https';

const mounted = '/var/run/secrets/kubernetes.io/serviceaccount';
const {KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port} = process.env;
const headers = {
  authorization: `Bearer ${readFileSync(`${mounted}/token`, 'utf8')}`,
  'content-type': 'application/json',
};
const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const options = {method: 'POST', host, port, path, headers, ca: readFileSync(`${mounted}/ca.crt`)};

request(options, async (response) => {
  let text = '';
  for await (const part of response) text += part;
  console.log(`${JSON.parse(text).status.userInfo.username} in ${readFileSync(`${mounted}/namespace`, 'utf8')}`);
}).end(JSON.stringify({apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview'}));
