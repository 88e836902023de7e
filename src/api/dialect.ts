/** The kinds of proxy that Sluice programs. Each has a GatewayClass controller name of its own. */
export type Dialect = 'envoy' | 'agentgateway';
