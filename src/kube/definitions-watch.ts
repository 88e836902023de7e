/** CustomResourceDefinitions, by name alone: tells when one of them comes or changes. */
import {isRecord} from '../schema/record.ts';
import type {ReflectorSink, Source} from './reflector-types.ts';
import type {RawObject} from './watch-event.ts';

/** Their metadata, which is a hundredth of the whole. */
export const definitionsSource: Source = {
  path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  query: {},
  accept: {
    list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    watch: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  },
};

/** `onChange` gets the name of a definition, `PLURAL.GROUP`. */
export function definitionsSink(onChange: (name: string) => void): ReflectorSink {
  const tell = (object: RawObject): void => {
    const name = nameOf(object);
    if (name !== undefined) onChange(name);
  };
  return {
    set: tell,
    // What that means for its objects, those who read them see for themselves.
    removed: () => {},
    relist: () => {
      const taken: RawObject[] = [];
      return {
        take: (object) => void taken.push(object),
        removed: () => {},
        done: () => taken.forEach(tell),
      };
    },
  };
}

export function nameOf({metadata}: RawObject): string | undefined {
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
