use super::*;
use crate::{broker::tests::TestBroker, wire::Api};

fn asked(version: i16, types: &[i8]) -> (i16, Vec<(i8, String)>) {
    let mut broker = TestBroker::new();
    broker.with_topic("one", 1, &[]);
    broker.with_topic("two", 1, &[]);
    let mut request = ListConfigResourcesRequest::default();
    request.resource_types = types.to_vec();
    let handler = (Api::ListConfigResources, version);
    let asked = broker.ask(handler, &request, Topics::on_list_config_resources);
    let response: ListConfigResourcesResponse = asked.answer();
    let told = response.config_resources.iter();
    let mut told: Vec<_> = told.map(|told| (told.resource_type, told.resource_name.to_string())).collect();
    told.sort();
    (response.error_code, told)
}

#[test]
fn what_has_configs_is_named_by_type() {
    let topics = [(2, "one".to_owned()), (2, "two".to_owned())];
    assert_eq!(asked(1, &[TOPIC_RESOURCE]), (0, topics.to_vec()));
    let brokers = [(4, "1".to_owned()), (8, "1".to_owned())];
    assert_eq!(asked(1, &[]), (0, [&topics[..], &brokers].concat()));
    assert_eq!(asked(1, &[CLIENT_METRICS, GROUP]), (0, vec![]));
    assert_eq!(asked(1, &[TOPIC_RESOURCE, 3]), (ErrorCode::UnsupportedVersion.code(), vec![]));
    // Once client metrics were all that could be asked for.
    assert_eq!(asked(0, &[]), (0, vec![]));
}
