/** A command cannot do what it was asked to; the message says all there is to say. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
