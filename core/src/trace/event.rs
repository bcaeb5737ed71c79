//! Every kind of event, declared once: name, fields, digest, print and the page's view follow from the row.

use crate::{
    effect::StorageErrorKind,
    error::ErrorCode,
    ids::{ConnectionId, IoId, RequestId, TopicId},
};

/// A field's value as its readers see it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field {
    Number(i64),
    Word(&'static str),
    Topic(TopicId),
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {
        /// Something that happened. Names are in the past tense.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum Event { $($(#[$doc])* $name { $($field: $kind),* },)* }
        impl Event {
            /// Every event's name and its fields' names, for the readers that must know them all.
            pub const ALL: &[(&str, &[&str])] = &[$((stringify!($name), &[$(stringify!($field)),*]),)*];

            pub fn name(&self) -> &'static str {
                match self { $(Self::$name { .. } => stringify!($name),)* }
            }

            /// Its name in one word, for the digest.
            pub(super) fn name_hash(&self) -> u64 {
                match self { $(Self::$name { .. } => const { super::digest::hash_of(stringify!($name)) },)* }
            }

            pub fn each_field(&self, mut each: impl FnMut(&'static str, Field)) {
                match *self { $(Self::$name { $($field),* } => { $(each(stringify!($field), Field::from($field));)* })* }
            }
        }
    };
}

events! {
    ConnectionOpened { connection: ConnectionId, processor: u32 }
    ConnectionClosed { connection: ConnectionId, why: CloseReason }
    /// A whole frame is in; `bytes` without its length prefix.
    RequestReceived { request: RequestId, connection: ConnectionId, processor: u32, api_key: i16, api_version: i16, correlation: i32, bytes: u32 }
    /// `depth` requests are in the request queue with this one.
    RequestQueued { request: RequestId, depth: u32 }
    /// The request queue (or what lies behind it) is full, or one request of the connection is in hand.
    ReadingPaused { connection: ConnectionId }
    ReadingResumed { connection: ConnectionId }
    RequestDequeued { request: RequestId, handler: u32 }
    RequestParked { request: RequestId, why: WaitReason }
    RequestReleased { request: RequestId, expired: bool }
    ResponseQueued { request: RequestId, processor: u32 }
    ResponseSent { request: RequestId, bytes: u32 }
    /// An answer carried this error, at the top or for one partition.
    RequestRefused { request: RequestId, error: ErrorCode }
    BatchAppended { request: RequestId, topic: TopicId, partition: i32, offset: i64, records: u32, bytes: u32 }
    /// An idempotent producer sent what it had sent before: the first offset is answered again.
    DuplicateFound { request: RequestId, topic: TopicId, partition: i32, offset: i64 }
    BatchesRead { request: RequestId, topic: TopicId, partition: i32, offset: i64, bytes: u32 }
    HighWatermarkMoved { topic: TopicId, partition: i32, from: i64, to: i64 }
    LogStartMoved { topic: TopicId, partition: i32, from: i64, to: i64 }
    SegmentRolled { topic: TopicId, partition: i32, offset: i64 }
    SegmentRemoved { topic: TopicId, partition: i32, offset: i64, bytes: u64 }
    LogTruncated { topic: TopicId, partition: i32, from: i64, to: i64 }
    LogCreated { topic: TopicId, partition: i32 }
    LogRemoved { topic: TopicId, partition: i32 }
    LogRecovered { topic: TopicId, partition: i32, start: i64, end: i64, bytes_scanned: u64, bytes_cut: u64 }
    /// Recovery found something in a log that a clean stop does not leave.
    LogMended { topic: TopicId, partition: i32, why: Mended }
    LeaderEpochRaised { topic: TopicId, partition: i32, epoch: i32, offset: i64 }
    CommitIssued { io: IoId, ops: u32, bytes: u64, sync: bool }
    CommitDone { io: IoId }
    CommitFailed { io: IoId, why: StorageErrorKind }
    LoadIssued { io: IoId, bytes: u64 }
    LoadDone { io: IoId, bytes: u64 }
    LoadFailed { io: IoId, why: StorageErrorKind }
    LogDirOpened { recovered: bool }
    LogDirReadOnly { why: StorageErrorKind }
    LogDirOffline { why: StorageErrorKind }
    TopicCreated { topic: TopicId, partitions: i32 }
    TopicDeleted { topic: TopicId }
    PartitionsAdded { topic: TopicId, partitions: i32 }
    ConfigChanged { topic: TopicId }
    ProducerIdGiven { request: RequestId, producer: i64, epoch: i16 }
    FetchSessionOpened { session: i32, partitions: u32 }
    FetchSessionClosed { session: i32 }
    /// Somebody leads the metadata quorum in this epoch, -1: nobody as far as is known here.
    QuorumLeaderChanged { epoch: i32, leader: i32 }
    /// This node decides from here on: the offset of its first record.
    ControllerActivated { epoch: i32, offset: i64 }
    ControllerResigned { epoch: i32, offset: i64 }
    /// The broker goes by what the controller decided up to this offset, exclusive.
    MetadataFollowed { offset: i64 }
    /// The controller knows of this run of the broker, under this epoch.
    BrokerRegistered { epoch: i64 }
    BrokerUnfenced { epoch: i64 }
    /// It was silent for too long: it leads nothing until it is unfenced.
    BrokerFenced { epoch: i64 }
    /// Others lead what it led: it may stop.
    BrokerLeft { epoch: i64 }
    BrokerStarted {}
    BrokerStopped {}
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$word_doc])* $word),* }
        impl $name {
            pub const ALL: &[Self] = &[$(Self::$word),*];
            pub const fn name(self) -> &'static str { match self { $(Self::$word => $text),* } }
        }
        impl From<$name> for Field {
            fn from(value: $name) -> Self { Self::Word(value.name()) }
        }
    )*};
}

words! {
    /// Why a connection ended.
    CloseReason {
        Peer = "peer",
        FrameLength = "frame-length",
        UnknownApi = "unknown-api",
        UnsupportedVersion = "unsupported-version",
        Undecodable = "undecodable",
        /// The version that was asked cannot say what is to be answered.
        Unencodable = "unencodable",
        /// A Produce with acks=0 failed: closing is the only way to say so.
        Acks0Failed = "acks0-failed",
        Idle = "idle",
        /// A request that the active controller answers got no answer from any.
        NoController = "no-controller",
        TooMany = "too-many",
        Stopping = "stopping",
    }
    /// What recovery made good of a log.
    Mended {
        /// The directory was of a deleted topic of the same name: its files go.
        OtherTopic = "other-topic",
        /// A snapshot of producers that is none goes; an older one serves, or none.
        SnapshotDamaged = "snapshot-damaged",
        /// What the leader-epoch checkpoint says does not reach back to the log's beginning: it is made again.
        EpochsMissing = "epochs-missing",
        /// An index does not fit its segment, which is read from its beginning.
        IndexDamaged = "index-damaged",
        /// An index does not point at a batch; so again.
        IndexMisled = "index-misled",
        /// Files of segments that the log does not have go.
        StrayFiles = "stray-files",
        /// Bytes behind the last whole batch are cut off.
        TornEnd = "torn-end",
        /// What lies behind a torn end, or beyond a gap, goes.
        LaterSegments = "later-segments",
        /// Nothing is left below where the log begins.
        Emptied = "emptied",
    }
    /// What a parked request waits for.
    WaitReason {
        /// A Fetch: more bytes, up to `fetch.max.wait.ms`.
        MoreBytes = "more-bytes",
        /// A Fetch or ListOffsets: bytes that are not in memory.
        ColdRead = "cold-read",
        /// A Produce: its batches are not committed to storage yet.
        Flush = "flush",
        /// A Produce with acks=all: the high watermark.
        HighWatermark = "high-watermark",
        /// An administrative request: its change is not committed yet.
        MetadataCommit = "metadata-commit",
    }
}

macro_rules! number_fields {
    ($($kind:ty),*) => {$(
        impl From<$kind> for Field {
            fn from(value: $kind) -> Self { Self::Number(value as i64) }
        }
    )*};
}
number_fields!(i16, i32, i64, u32, u64, bool);

impl From<ConnectionId> for Field {
    fn from(id: ConnectionId) -> Self {
        Self::Number(id.0 as i64)
    }
}
impl From<RequestId> for Field {
    fn from(id: RequestId) -> Self {
        Self::Number(id.0 as i64)
    }
}
impl From<IoId> for Field {
    fn from(id: IoId) -> Self {
        Self::Number(id.0 as i64)
    }
}
impl From<TopicId> for Field {
    fn from(id: TopicId) -> Self {
        Self::Topic(id)
    }
}
impl From<ErrorCode> for Field {
    fn from(error: ErrorCode) -> Self {
        Self::Word(error.name())
    }
}
impl From<StorageErrorKind> for Field {
    fn from(kind: StorageErrorKind) -> Self {
        Self::Word(match kind {
            StorageErrorKind::NoSpace => "no-space",
            StorageErrorKind::Missing => "missing",
            StorageErrorKind::Aborted => "aborted",
            StorageErrorKind::Gone => "gone",
            StorageErrorKind::TimedOut => "timed-out",
            StorageErrorKind::Broken => "broken",
        })
    }
}
