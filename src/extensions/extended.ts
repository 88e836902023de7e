/** The graph's outputs with those of `--collections`, and who has made what. */
import {type Outputs, productOutputs} from '../../collections/extension.ts';

export type Extended = {
  readonly outputs: Outputs;
  /** The file that a node of the graph is from; undefined for those of Sluice itself. */
  readonly fileOf: (node: string) => string | undefined;
};

export const notExtended: Extended = {outputs: productOutputs, fileOf: () => undefined};

/** What a module of `--collections` cannot be used for; the message names the file and what was expected. */
export class ExtensionError extends Error {
  override readonly name = 'ExtensionError';
}
