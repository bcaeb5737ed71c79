use super::*;
use crate::{
    broker::tests::{Asked, TestBroker},
    effect::Outcome,
    log::DirOptions,
    wire::Api,
};

/// An answer: error, id, epoch.
type Row = (i16, ProducerId, ProducerEpoch);

fn refused(error: ErrorCode) -> Row {
    (error.code(), -1, -1)
}

fn row(response: &InitProducerIdResponse) -> Row {
    (response.error_code, response.producer_id, response.producer_epoch)
}

fn ask(broker: &mut TestBroker, version: i16, request: &InitProducerIdRequest) -> Asked {
    broker.ask((Api::InitProducerId, version), request, Topics::on_init_producer_id)
}

/// As an idempotent producer asks.
fn plain() -> InitProducerIdRequest {
    let mut request = InitProducerIdRequest::default();
    request.transactional_id = None;
    request
}

fn ask_plain(broker: &mut TestBroker) -> Asked {
    ask(broker, 5, &plain())
}

fn waiting(asked: &Asked) -> [Row; 3] {
    asked.answers::<InitProducerIdResponse>().each_ref().map(row)
}

fn given(asked: &Asked) -> Row {
    row(&asked.answer())
}

#[test]
fn no_id_is_told_before_its_block_is_durable() {
    let mut broker = TestBroker::new();
    let later = refused(ErrorCode::CoordinatorLoadInProgress);
    assert_eq!(waiting(&ask_plain(&mut broker)), [(0, 0, 0), later, later]);
    assert_eq!(waiting(&ask_plain(&mut broker)), [(0, 1, 0), later, later]);
    broker.commit();
    assert_eq!(given(&ask_plain(&mut broker)), (0, 2, 0));
    // The dir's next life starts a new block.
    let mut broker = TestBroker::open(broker.disk, DirOptions::default());
    assert_eq!(waiting(&ask_plain(&mut broker))[0], (0, 1000, 0));
    broker.commit();
    for id in 1001..2000 {
        assert_eq!(given(&ask_plain(&mut broker)), (0, id, 0));
    }
    assert_eq!(waiting(&ask_plain(&mut broker))[0], (0, 2000, 0));
}

#[test]
fn a_block_that_storage_refused_is_asked_for_again() {
    let mut broker = TestBroker::new();
    ask_plain(&mut broker);
    broker.fail_commit(Outcome::Definite);
    assert_eq!(waiting(&ask_plain(&mut broker))[0], (0, 1, 0));
    broker.commit();
    assert_eq!(given(&ask_plain(&mut broker)), (0, 2, 0));
}

#[test]
fn an_offline_dir_gives_what_it_has_and_no_more() {
    let mut broker = TestBroker::new();
    let topic = broker.with_topic("one", 1, &[]);
    ask_plain(&mut broker);
    broker.commit();
    broker.append_uncommitted(topic, 0, &[1]);
    broker.fail_commit(Outcome::Unknown);
    assert_eq!(given(&ask_plain(&mut broker)), (0, 1, 0));
    let mut broker = TestBroker::new();
    ask_plain(&mut broker);
    broker.fail_commit(Outcome::Unknown);
    assert_eq!(given(&ask_plain(&mut broker)), refused(ErrorCode::CoordinatorLoadInProgress));
}

#[test]
fn a_producer_that_has_an_id_gets_another() {
    let mut broker = TestBroker::new();
    let mut request = plain();
    (request.producer_id, request.producer_epoch) = (4711, 32_767);
    assert_eq!(waiting(&ask(&mut broker, 3, &request))[0], (0, 0, 0));
    for (id, epoch) in [(4711, -1), (-1, 3)] {
        (request.producer_id, request.producer_epoch) = (id, epoch);
        assert_eq!(given(&ask(&mut broker, 3, &request)), refused(ErrorCode::InvalidRequest));
    }
}

#[test]
fn a_transactional_producer_finds_no_coordinator() {
    let mut broker = TestBroker::new();
    let told = [
        ("", 1, ErrorCode::InvalidRequest),
        ("me", 0, ErrorCode::InvalidTransactionTimeout),
        ("me", 900_001, ErrorCode::InvalidTransactionTimeout),
        ("me", 900_000, ErrorCode::NotCoordinator),
    ];
    for (id, timeout, error) in told {
        let mut request = plain();
        (request.transactional_id, request.transaction_timeout_ms) = (Some(id.into()), timeout);
        assert_eq!(given(&ask(&mut broker, 5, &request)), refused(error));
    }
}

#[test]
fn every_version_is_answered() {
    let mut broker = TestBroker::new();
    ask_plain(&mut broker);
    broker.commit();
    for (version, id) in Api::InitProducerId.served().zip(1..) {
        assert_eq!(given(&ask(&mut broker, version, &plain())), (0, id, 0));
        let mut transactional = plain();
        (transactional.transactional_id, transactional.transaction_timeout_ms) = (Some("me".into()), 60_000);
        assert_eq!(given(&ask(&mut broker, version, &transactional)), refused(ErrorCode::NotCoordinator));
    }
}
