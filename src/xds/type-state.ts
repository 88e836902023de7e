/** All that is known about one type of one client. */
import {type Item, ItemQueue, OrderCounts} from './item.ts';
import {type Holders, type Known, KnownResources, type Stamp} from './known.ts';
import {Subscription} from './subscription.ts';

/** A response that the client has neither accepted nor rejected yet. */
export type InFlight = {
  readonly nonce: string;
  readonly sentAt: number;
  readonly resources: readonly Sent[];
  readonly removals: readonly {readonly name: string; readonly known: Known}[];
  /** Names in it that the client asked for and that do not exist. */
  readonly absent: readonly string[];
};

export type Sent = {readonly name: string; readonly stamp: Stamp; readonly known: Known; readonly life: number};

export class TypeState {
  readonly type: string;
  readonly subscription = new Subscription();
  readonly known: KnownResources;
  /** Versions the client rejected, by name: not sent again until there is another, or the client asks anew. */
  readonly rejected = new Map<string, string>();
  /** Every item of this type, wherever it is. */
  readonly items = new Map<string, Item>();
  readonly queues = {
    adds: new ItemQueue(),
    suspects: new ItemQueue(),
    removals: new ItemQueue(),
    urgent: new ItemQueue(),
  };
  /**
   * How many suspects of a rejected response travel together: half as many after each rejection, twice as many after
   * each acceptance, so that one bad resource among n is found in about log n responses.
   */
  trial = 1;
  /** Additions that wait for what they refer to. */
  readonly waitingAdds = new OrderCounts();
  inFlight: InFlight | undefined;
  /** The client waits for an answer of this type, be it empty. */
  owesAnswer = false;
  /** Some response of this type was accepted without error. */
  clean = false;

  constructor(type: string, holders: Holders) {
    this.type = type;
    this.known = new KnownResources(holders);
  }

  /** Something of this type is yet to be added, or may be. */
  get addsPending(): boolean {
    const {adds, suspects} = this.queues;
    return (
      adds.size > 0 || suspects.size > 0 || this.waitingAdds.total > 0 || (this.inFlight?.resources.length ?? 0) > 0
    );
  }

  /** Nothing to say now but, perhaps, that there is nothing. */
  get idle(): boolean {
    const {adds, suspects} = this.queues;
    return this.inFlight === undefined && adds.size === 0 && suspects.size === 0 && this.waitingAdds.total === 0;
  }
}
