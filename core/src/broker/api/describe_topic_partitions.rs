//! DescribeTopicPartitions (key 75, versions 0)

use kafka_wire::DescribeTopicPartitionsRequest;

use super::{Ask, Handled};
use crate::{broker::Topics, trace::event::CloseReason, turn::Turn};

impl Topics {
    pub(in crate::broker) fn on_describe_topic_partitions(
        &mut self,
        turn: &mut Turn<'_>,
        ask: Ask,
        request: DescribeTopicPartitionsRequest,
    ) -> Handled {
        let _ = (turn, ask, request);
        Handled::Close(CloseReason::UnknownApi)
    }
}
