/** The structural schema language of CRDs, as far as Gateway API uses it (apiextensions.k8s.io/v1 JSONSchemaProps). */

/** A CEL rule: https://kubernetes.io/docs/reference/using-api/cel/ */
export type CelRule = {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
};

export type CrdNode = {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly properties?: Readonly<Record<string, CrdNode>>;
  readonly additionalProperties?: CrdNode | boolean;
  readonly items?: CrdNode;
  readonly required?: readonly string[];
  readonly enum?: readonly (string | number)[];
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly nullable?: boolean;
  readonly allOf?: readonly CrdNode[];
  readonly anyOf?: readonly CrdNode[];
  readonly oneOf?: readonly CrdNode[];
  readonly not?: CrdNode;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly CelRule[];
};

/** One file of src/gen/schemas: a kind with the schema of every served version. */
export type KindSchema = {
  readonly generated: string;
  readonly group: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly versions: Readonly<Record<string, CrdNode>>;
};
