//! DescribeCluster, asked of any broker.

use kafka_wire::{DescribeClusterRequest, DescribeClusterResponse};
use kafka_wire_core::StrBytes;

use crate::{
    client::{
        ClientError,
        message::{Answer, Head},
        reply::{ClusterBroker, ClusterDescription},
    },
    effect::{Address, Frame},
    ids::BrokerId,
};

pub(in crate::client) fn request(head: Head<'_>) -> Result<Frame, ClientError> {
    head.frame(&DescribeClusterRequest::default())
}

pub(in crate::client) fn read(answer: &Answer) -> Result<ClusterDescription, ClientError> {
    let told: DescribeClusterResponse = answer.decode()?;
    if let Some(error) = ClientError::from_answer(told.error_code, told.error_message.as_deref()) {
        return Err(error);
    }
    let brokers = told.brokers.into_iter().map(|broker| {
        let port = u16::try_from(broker.port).map_err(|_| answer.bad())?;
        let address = Address { host: broker.host.to_string(), port };
        Ok(ClusterBroker { id: BrokerId(broker.broker_id), address, rack: broker.rack.map(StrBytes::into_string) })
    });
    Ok(ClusterDescription {
        cluster_id: told.cluster_id.to_string(),
        controller: (told.controller_id >= 0).then_some(BrokerId(told.controller_id)),
        brokers: brokers.collect::<Result<_, ClientError>>()?,
    })
}
