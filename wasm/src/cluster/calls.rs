//! What travels as Kafka's requests, through the client.

use ottla_core::{
    client::{
        ClientError, Question, Reply,
        question::{ConfigResource, OffsetAt},
    },
    error::ErrorCode,
    ids::{Offset, PartitionIndex},
    log::DirState,
};
use ottla_js::error::Refusal;
use wasm_bindgen::JsValue;
use web_sys::AbortSignal;

use super::{Cluster, Told, view};
use crate::convert;

impl Cluster {
    pub async fn create_topic(&self, topic: JsValue) -> Told {
        self.check_writable()?;
        match self.ask(convert::create_topic(topic)?, None).await? {
            Reply::CreateTopics(created) => self.each_done(created.into_iter().map(|created| created.map(|_| ()))),
            _ => Err(unexpected()),
        }
    }

    pub async fn delete_topic(&self, name: String) -> Told {
        self.check_writable()?;
        match self.ask(Question::DeleteTopics { topics: vec![name] }, None).await? {
            Reply::DeleteTopics(deleted) => self.each_done(deleted),
            _ => Err(unexpected()),
        }
    }

    pub async fn topics(&self) -> Told {
        match self.ask(Question::Metadata { topics: None, create: false }, None).await? {
            Reply::Metadata(metadata) => self.topics_of(metadata),
            _ => Err(unexpected()),
        }
    }

    pub async fn configs(&self, topic: String) -> Told {
        let question = Question::DescribeConfigs { resource: ConfigResource::Topic(topic), names: None };
        match self.ask(question, None).await? {
            Reply::DescribeConfigs(entries) => {
                Ok(entries.iter().map(convert::config_entry).collect::<js_sys::Array>().into())
            }
            _ => Err(unexpected()),
        }
    }

    pub async fn alter_configs(&self, topic: String, edits: JsValue) -> Told {
        self.check_writable()?;
        self.ask(convert::alter_configs(topic, edits)?, None).await.map(|_| JsValue::UNDEFINED)
    }

    pub async fn delete_records(&self, topic: String, partition: PartitionIndex, before: Offset) -> Told {
        self.check_writable()?;
        match self.ask(Question::DeleteRecords { topic, partition, before }, None).await? {
            Reply::DeleteRecords(start) => Ok(js_sys::BigInt::from(start).into()),
            _ => Err(unexpected()),
        }
    }

    pub async fn produce(&self, request: JsValue, signal: Option<AbortSignal>) -> Told {
        self.check_writable()?;
        let question = convert::produce(request)?;
        let (topic, partition) = match &question {
            Question::Produce(batch) => (batch.topic.clone(), batch.partition),
            _ => Default::default(),
        };
        match self.ask(question, signal).await? {
            Reply::Produce(produced) => Ok(convert::produced(&topic, partition, produced)),
            _ => Err(unexpected()),
        }
    }

    pub async fn fetch(&self, request: JsValue, signal: Option<AbortSignal>) -> Told {
        match self.ask(convert::fetch(request)?, signal).await? {
            Reply::Fetch(fetched) => convert::fetched(&fetched),
            _ => Err(unexpected()),
        }
    }

    pub async fn offset(&self, topic: String, partition: PartitionIndex, at: JsValue) -> Told {
        let at: OffsetAt = convert::offset_at(&at)?;
        match self.ask(Question::ListOffsets { topic, partition, at }, None).await? {
            Reply::ListOffsets(found) => Ok(found.map_or(JsValue::UNDEFINED, convert::found_offset)),
            _ => Err(unexpected()),
        }
    }

    async fn ask(&self, question: Question, signal: Option<AbortSignal>) -> Result<Reply, Refusal> {
        self.check_not_gone()?;
        let answer = self.0.client()?.ask(question, signal);
        answer.await.map_err(|why| self.in_words_of_storage(why))
    }

    fn each_done(&self, results: impl IntoIterator<Item = Result<(), ClientError>>) -> Told {
        let all: Result<(), ClientError> = results.into_iter().collect();
        all.map(|()| JsValue::UNDEFINED).map_err(|why| self.in_words_of_storage(why.into()))
    }

    /// Metadata gives the partitions of a log dir that is offline no leader, as Kafka does, and a produce waits for one
    /// until its time is over. Here the dir is at hand, and says what it is that the leader waits for.
    fn in_words_of_storage(&self, refusal: Refusal) -> Refusal {
        if !["LEADER_NOT_AVAILABLE", "REQUEST_TIMED_OUT", "KAFKA_STORAGE_ERROR"].contains(&refusal.code) {
            return refusal;
        }
        let state = self.0.broker().ok().and_then(|broker| broker.look().topics().map(|topics| topics.dir.state()));
        let detail = match state {
            Some(DirState::Offline(why)) => format!("the log dir is offline ({})", view::word(why)),
            Some(DirState::ReadOnly(why)) => format!("the log dir is read-only ({})", view::word(why)),
            _ if refusal.code == "KAFKA_STORAGE_ERROR" && refusal.detail.is_none() => {
                "storage failed while this was under way".to_owned()
            }
            _ => return refusal,
        };
        Refusal::kafka(ErrorCode::KafkaStorageError, Some(detail))
    }

    fn check_writable(&self) -> Result<(), Refusal> {
        match self.is_read_only() {
            true => Err(Refusal::new("read-only", "this is a snapshot, which nothing can be written to")),
            false => Ok(()),
        }
    }
}

/// The client answers each question with the answer of its name.
fn unexpected() -> Refusal {
    Refusal::kafka(ErrorCode::UnknownServerError, Some("an answer to something else".to_owned()))
}
