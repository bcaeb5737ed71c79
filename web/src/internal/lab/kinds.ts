/** Events by what they are about: what one can run to, and what the list can be narrowed to. */

export const KINDS = {
  fault: ['fault', 'heal'],
  script: ['script'],
  answer: ['answered'],
  connection: ['ConnectionOpened', 'ConnectionClosed', 'ReadingPaused', 'ReadingResumed'],
  request: [
    'RequestReceived',
    'RequestQueued',
    'RequestDequeued',
    'RequestParked',
    'RequestReleased',
    'ResponseQueued',
    'ResponseSent',
    'RequestRefused',
  ],
  log: [
    'BatchAppended',
    'DuplicateFound',
    'BatchesRead',
    'HighWatermarkMoved',
    'LogStartMoved',
    'SegmentRolled',
    'SegmentRemoved',
    'LogTruncated',
    'LogCreated',
    'LogRemoved',
    'LogRecovered',
    'LogMended',
    'LeaderEpochRaised',
  ],
  storage: [
    'CommitIssued',
    'CommitDone',
    'CommitFailed',
    'LoadIssued',
    'LoadDone',
    'LoadFailed',
    'LogDirOpened',
    'LogDirReadOnly',
    'LogDirOffline',
  ],
  catalog: ['TopicCreated', 'TopicDeleted', 'PartitionsAdded', 'ConfigChanged'],
  quorum: ['QuorumLeaderChanged', 'ControllerActivated', 'ControllerResigned', 'MetadataFollowed'],
  session: ['ProducerIdGiven', 'FetchSessionOpened', 'FetchSessionClosed'],
  life: ['BrokerRegistered', 'BrokerUnfenced', 'BrokerFenced', 'BrokerLeft', 'BrokerStarted', 'BrokerStopped', 'phase'],
} as const;

export type Kind = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as Kind[];
