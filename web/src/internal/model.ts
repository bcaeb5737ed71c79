/**
 * The trace, folded into what the page shows of the broker. Pure: the same events give the same model.
 *
 *   acceptor ─► processor ─► request queue ─► handler ─► log ─► purgatory ─► response queue ─► sender
 *
 * A request is in exactly one stage from its first byte to the last of its answer; the time in a stage is the time
 * between two stamps of the broker's clock, so a stage passed within one turn took "less than the clock's step".
 */

import type { Trace, TraceEvent } from '../public/types.js';

export const STAGES = [
  'acceptor',
  'processor',
  'request-queue',
  'handler',
  'log',
  'purgatory',
  'response-queue',
  'sender',
] as const;
export type Stage = (typeof STAGES)[number];

export interface Request {
  id: number;
  connection: number;
  apiKey: number;
  apiVersion: number;
  correlation: number;
  bytes: number;
  /** Microseconds of the broker's clock. */
  received: number;
  /** Entered, in order. The last one holds it, unless `sent` says that it is over. */
  path: { stage: Stage; at: number }[];
  waitsFor: string | undefined;
  /** The first error its answer carried. */
  refused: string | undefined;
  sent: number | undefined;
  responseBytes: number;
}

export interface Model {
  /** Newest last. Ended ones are kept up to `REQUESTS_KEPT`, open ones always. */
  requests: ReadonlyMap<number, Request>;
  /** How many ever entered each stage; for the acceptor, connections. */
  passed: Readonly<Record<Stage, number>>;
  connections: ReadonlySet<number>;
  /** Commits and loads that storage has not answered yet. */
  io: ReadonlySet<number>;
  /** Connections the broker does not read from for now. */
  paused: ReadonlySet<number>;
  /** Newest last. */
  events: readonly TraceEvent[];
  /** Events lost between two looks: the page was too slow, and says so. */
  missed: bigint;
  /** Raised by whatever changes what `topics()` answers. */
  topicChanges: number;
  logDirChanges: number;
  /** Raised, per topic id, by whatever a reader could see: new records, a higher log start. */
  recordChanges: ReadonlyMap<string, number>;
}

export const REQUESTS_KEPT = 40;
export const EVENTS_KEPT = 200;

export function emptyModel(): Model {
  return {
    requests: new Map(),
    passed: Object.fromEntries(STAGES.map(stage => [stage, 0])) as Record<Stage, number>,
    connections: new Set(),
    io: new Set(),
    paused: new Set(),
    events: [],
    missed: 0n,
    topicChanges: 0,
    logDirChanges: 0,
    recordChanges: new Map(),
  };
}

/** How many are in each stage: connections in the acceptor, storage calls in the log, requests elsewhere. */
export function occupancy(model: Model): Record<Stage, number> {
  const now = Object.fromEntries(STAGES.map(stage => [stage, 0])) as Record<Stage, number>;
  for (const request of model.requests.values()) {
    const last = request.path.at(-1);
    if (last && request.sent === undefined && last.stage !== 'log') now[last.stage]++;
  }
  now.acceptor = model.connections.size;
  now.log = model.io.size;
  return now;
}

/** Microseconds per stage, summed where a stage was entered twice; undefined where it was not entered. */
export function stageTimes(request: Request): Partial<Record<Stage, number>> {
  const times: Partial<Record<Stage, number>> = {};
  request.path.forEach(({ stage, at }, index) => {
    const left = request.path[index + 1]?.at ?? request.sent;
    if (left !== undefined) times[stage] = (times[stage] ?? 0) + (left - at);
  });
  return times;
}

export function fold(model: Model, trace: Trace): Model {
  const draft: Draft = {
    ...model,
    requests: new Map(model.requests),
    passed: { ...model.passed },
    connections: new Set(model.connections),
    io: new Set(model.io),
    paused: new Set(model.paused),
    recordChanges: new Map(model.recordChanges),
  };
  if (trace.missed > 0n) forgetOpen(draft, trace.missed);
  for (const event of trace.events) STEPS[event.name]?.(draft, event);
  draft.events = [...model.events, ...trace.events].slice(-EVENTS_KEPT);
  dropOldest(draft.requests);
  return draft;
}

interface Draft extends Omit<Model, 'requests' | 'passed' | 'connections' | 'io' | 'paused' | 'recordChanges'> {
  requests: Map<number, Request>;
  passed: Record<Stage, number>;
  connections: Set<number>;
  io: Set<number>;
  paused: Set<number>;
  recordChanges: Map<string, number>;
}

/** Whatever was under way may have ended in the part that was missed; what goes on will be seen again. */
function forgetOpen(draft: Draft, missed: bigint): void {
  draft.missed += missed;
  draft.topicChanges++;
  draft.logDirChanges++;
  draft.io.clear();
  draft.paused.clear();
  for (const [id, request] of draft.requests) if (request.sent === undefined) draft.requests.delete(id);
  for (const [topic, count] of draft.recordChanges) draft.recordChanges.set(topic, count + 1);
}

function dropOldest(requests: Map<number, Request>): void {
  let over = requests.size - REQUESTS_KEPT;
  for (const [id, request] of requests) {
    if (over <= 0) return;
    if (request.sent === undefined) continue;
    requests.delete(id);
    over--;
  }
}

/** Moves a request on. Requests received before the page began to look are not known, and stay so. */
function change(draft: Draft, event: TraceEvent, edit: (request: Request) => Partial<Request>): void {
  const id = Number(event['request']);
  const request = draft.requests.get(id);
  if (request) draft.requests.set(id, { ...request, ...edit(request) });
}

function enter(draft: Draft, event: TraceEvent, stage: Stage, also: Partial<Request> = {}): void {
  draft.passed[stage]++;
  change(draft, event, request => {
    // A produce appends a batch per partition: one visit to the log.
    if (request.path.at(-1)?.stage === stage) return also;
    return { path: [...request.path, { stage, at: event.at }], ...also };
  });
}

function receive(draft: Draft, event: TraceEvent): void {
  draft.passed.processor++;
  const id = Number(event['request']);
  draft.requests.set(id, {
    id,
    connection: Number(event['connection']),
    apiKey: Number(event['api_key']),
    apiVersion: Number(event['api_version']),
    correlation: Number(event['correlation']),
    bytes: Number(event['bytes']),
    received: event.at,
    path: [{ stage: 'processor', at: event.at }],
    waitsFor: undefined,
    refused: undefined,
    sent: undefined,
    responseBytes: 0,
  });
}

function send(draft: Draft, event: TraceEvent): void {
  enter(draft, event, 'sender');
  change(draft, event, () => ({ sent: event.at, responseBytes: Number(event['bytes']) }));
}

function closeConnection(draft: Draft, event: TraceEvent): void {
  const connection = Number(event['connection']);
  draft.connections.delete(connection);
  draft.paused.delete(connection);
  // Nobody is left to answer: acks=0 and broken connections end here.
  for (const [id, request] of draft.requests)
    if (request.connection === connection && request.sent === undefined)
      draft.requests.set(id, { ...request, sent: event.at });
}

function changeTopics(draft: Draft): void {
  draft.topicChanges++;
}

function changeRecords(draft: Draft, event: TraceEvent): void {
  draft.topicChanges++;
  const topic = String(event['topic']);
  draft.recordChanges.set(topic, (draft.recordChanges.get(topic) ?? 0) + 1);
}

function changeLogDir(draft: Draft): void {
  draft.topicChanges++;
  draft.logDirChanges++;
}

function endIo(draft: Draft, event: TraceEvent): void {
  draft.io.delete(Number(event['io']));
}

function beginIo(draft: Draft, event: TraceEvent): void {
  draft.io.add(Number(event['io']));
}

/** Shows in the list of events, and changes nothing else. */
function onlyTell(): void {}

/** What each event changes: a row for every event of the core. */
const STEPS: Record<string, (draft: Draft, event: TraceEvent) => void> = {
  ConnectionOpened: (draft, event) => {
    draft.passed.acceptor++;
    draft.connections.add(Number(event['connection']));
  },
  ConnectionClosed: closeConnection,
  RequestReceived: receive,
  RequestQueued: (draft, event) => enter(draft, event, 'request-queue'),
  ReadingPaused: (draft, event) => draft.paused.add(Number(event['connection'])),
  ReadingResumed: (draft, event) => draft.paused.delete(Number(event['connection'])),
  RequestDequeued: (draft, event) => enter(draft, event, 'handler'),
  BatchAppended: (draft, event) => enter(draft, event, 'log'),
  BatchesRead: (draft, event) => enter(draft, event, 'log'),
  RequestParked: (draft, event) => enter(draft, event, 'purgatory', { waitsFor: String(event['why']) }),
  RequestReleased: (draft, event) => enter(draft, event, 'handler', { waitsFor: undefined }),
  ResponseQueued: (draft, event) => enter(draft, event, 'response-queue'),
  ResponseSent: send,
  RequestRefused: (draft, event) =>
    change(draft, event, request => ({ refused: request.refused ?? String(event['error']) })),
  HighWatermarkMoved: changeRecords,
  LogStartMoved: changeRecords,
  LogTruncated: changeRecords,
  SegmentRolled: changeTopics,
  SegmentRemoved: changeTopics,
  LogCreated: changeTopics,
  LogRemoved: changeTopics,
  LeaderEpochRaised: changeTopics,
  TopicCreated: changeTopics,
  TopicDeleted: changeTopics,
  PartitionsAdded: changeTopics,
  ConfigChanged: changeTopics,
  CommitIssued: beginIo,
  LoadIssued: beginIo,
  CommitDone: endIo,
  LoadDone: endIo,
  CommitFailed: endIo,
  LoadFailed: endIo,
  LogDirOpened: changeLogDir,
  LogDirReadOnly: changeLogDir,
  LogDirOffline: changeLogDir,
  LogRecovered: onlyTell,
  LogMended: onlyTell,
  DuplicateFound: onlyTell,
  ProducerIdGiven: onlyTell,
  FetchSessionOpened: onlyTell,
  FetchSessionClosed: onlyTell,
  QuorumLeaderChanged: onlyTell,
  ControllerActivated: onlyTell,
  ControllerResigned: onlyTell,
  MetadataFollowed: changeTopics,
  BrokerRegistered: onlyTell,
  BrokerUnfenced: onlyTell,
  BrokerFenced: onlyTell,
  BrokerLeft: onlyTell,
  BrokerStarted: onlyTell,
  BrokerStopped: onlyTell,
};
