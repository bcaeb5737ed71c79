//! A live cluster over IndexedDB: what it keeps, who may open it, and what becomes of it when the database goes.

#![cfg(target_arch = "wasm32")]

mod page;

use ottla_wasm::{
    cluster::{Cluster, Open, StartOptions, StorageKind},
    idb::IdbStorage,
};
use page::*;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

#[wasm_bindgen_test]
async fn what_was_produced_is_read_again_after_a_stop_and_after_a_kill() {
    let options = fresh("stop-and-kill").await;
    let cluster = start(&options).await;
    create_topic(&cluster, "t", 3).await;
    for partition in 0..3 {
        assert_eq!(produce(&cluster, "t", partition, &["one", "two"]).await, 0);
        assert_eq!(produce(&cluster, "t", partition, &["three"]).await, 2);
    }
    let (id, before) = (cluster.cluster_id().to_owned(), read(&cluster, "t", 1).await);
    cluster.stop().await;
    assert_eq!(refused(cluster.topics().await), "closed");

    let cluster = start(&options).await;
    assert_eq!(cluster.cluster_id(), id);
    assert_eq!(read(&cluster, "t", 1).await, before);
    assert_eq!(produce(&cluster, "t", 1, &["four"]).await, 3);
    cluster.kill();

    let cluster = start(&options).await;
    assert_eq!(cluster.cluster_id(), id);
    assert_eq!(values(&read(&cluster, "t", 1).await), ["one", "two", "three", "four"]);
    cluster.stop().await;
}

#[wasm_bindgen_test]
async fn the_broker_tells_what_it_did() {
    let cluster = start(&StartOptions { storage: StorageKind::Memory, ..StartOptions::default() }).await;
    create_topic(&cluster, "t", 1).await;
    produce(&cluster, "t", 0, &["one"]).await;
    let trace = cluster.trace(0).expect("a trace");
    let names: Vec<_> = each(&get(&trace, "events")).iter().map(|event| text(&get(event, "name"))).collect();
    for name in ["BrokerStarted", "TopicCreated", "RequestReceived", "BatchAppended", "HighWatermarkMoved"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
    let next = bigint(&get(&trace, "next")) as u64;
    assert_eq!(next, names.len() as u64);
    assert!(each(&get(&cluster.trace(next).expect("a trace"), "events")).is_empty());
    let status = cluster.status().expect("a status");
    assert_eq!(text(&get(&status, "state")), "online");
    assert!(number(&get(&status, "storedBytes")) > 0.0 && number(&get(&status, "wasmBytes")) > 0.0);
    let topics = each(&cluster.topics().await.expect("topics"));
    let partition = &each(&get(&topics[0], "partitions"))[0];
    assert_eq!(bigint(&get(partition, "logEnd")), 1);
    assert_eq!(bigint(&get(partition, "committedEnd")), 1);
    assert_eq!(number(&get(partition, "segments")), 1.0);
}

/// W05.
#[wasm_bindgen_test]
async fn a_cluster_that_is_open_is_not_opened_again() {
    let options = fresh("in-use").await;
    let cluster = start(&options).await;
    create_topic(&cluster, "t", 1).await;
    produce(&cluster, "t", 0, &["one"]).await;
    let again = Cluster::start(options.clone(), listener()).await;
    assert_eq!(again.err().map(|why| why.code), Some("in-use"));

    let read_only = start(&StartOptions { open: Open::ReadOnly, ..options.clone() }).await;
    assert_eq!(values(&read(&read_only, "t", 0).await), ["one"]);
    assert_eq!(refused(read_only.create_topic(json(r#"{"name":"no"}"#)).await), "read-only");
    assert_eq!(refused(read_only.produce(records("t", 0, &["no"]), None).await), "read-only");

    IdbStorage::delete("ottla-in-use-copy-1").await.expect("no copy");
    let copy = start(&StartOptions { open: Open::Copy, ..options.clone() }).await;
    assert_eq!(copy.name(), "in-use-copy-1");
    assert_eq!(produce(&copy, "t", 0, &["two"]).await, 1);
    assert_eq!(values(&read(&copy, "t", 0).await), ["one", "two"]);
    copy.stop().await;
    assert_eq!(values(&read(&cluster, "t", 0).await), ["one"]);
    cluster.stop().await;
}

#[wasm_bindgen_test]
async fn a_call_that_is_given_up_says_so() {
    let cluster = start(&StartOptions { storage: StorageKind::Memory, ..StartOptions::default() }).await;
    create_topic(&cluster, "t", 1).await;
    let controller = web_sys::AbortController::new().expect("a controller");
    let request = json(r#"{"topic":"t","partition":0,"offset":0,"minBytes":1,"maxWaitMs":25000}"#);
    let fetch = cluster.fetch(request, Some(controller.signal()));
    let (told, ()) = futures::join!(fetch, async {
        gloo_timers::future::TimeoutFuture::new(50).await;
        controller.abort();
    });
    assert_eq!(refused(told), "aborted");
    assert_eq!(produce(&cluster, "t", 0, &["one"]).await, 0);
}

/// More calls than the client's inbox holds, each given up before it was taken: none is asked after it was called off.
#[wasm_bindgen_test]
async fn calls_that_are_given_up_at_once_are_all_called_off() {
    let cluster = start(&StartOptions { storage: StorageKind::Memory, ..StartOptions::default() }).await;
    create_topic(&cluster, "t", 1).await;
    let controller = web_sys::AbortController::new().expect("a controller");
    let fetches = (0..300).map(|_| {
        let request = json(r#"{"topic":"t","partition":0,"offset":0,"minBytes":1,"maxWaitMs":25000}"#);
        cluster.fetch(request, Some(controller.signal()))
    });
    let (told, ()) = futures::join!(futures::future::join_all(fetches), async { controller.abort() });
    assert!(told.into_iter().all(|told| refused(told) == "aborted"));
    assert_eq!(produce(&cluster, "t", 0, &["one"]).await, 0);
    cluster.stop().await;
}

/// W02: the platform takes the connection away; the database is as it was.
#[wasm_bindgen_test]
async fn a_lost_connection_is_made_again_and_nothing_acknowledged_is_lost() {
    let options = fresh("lost-connection").await;
    let cluster = start(&options).await;
    create_topic(&cluster, "t", 1).await;
    produce(&cluster, "t", 0, &["one"]).await;
    let epoch = number(&get(&cluster.status().expect("a status"), "brokerEpoch"));
    lose_connection();
    // The client asks again until the broker that comes back has it.
    produce(&cluster, "t", 0, &["two"]).await;
    let status = cluster.status().expect("a status");
    assert_eq!(text(&get(&status, "state")), "online");
    assert_eq!(number(&get(&status, "brokerEpoch")), epoch + 1.0);
    assert_eq!(values(&read(&cluster, "t", 0).await), ["one", "two"]);
    cluster.stop().await;
}

/// I6: what was committed is gone. Nothing may go on as if it never was.
#[wasm_bindgen_test]
async fn a_database_that_vanished_is_not_gone_on_with() {
    let options = fresh("vanished").await;
    let listener = listener();
    let cluster = Cluster::start(options.clone(), listener.clone()).await.expect("a cluster");
    create_topic(&cluster, "t", 1).await;
    produce(&cluster, "t", 0, &["one"]).await;
    IdbStorage::delete("ottla-vanished").await.expect("it closes for us");
    let told = refused(cluster.produce(records("t", 0, &["two"]), None).await);
    assert!(["KAFKA_STORAGE_ERROR", "LEADER_NOT_AVAILABLE"].contains(&told), "{told}");
    assert_eq!(refused(cluster.topics().await), "gone");
    let status = cluster.status().expect("a status");
    assert_eq!(text(&get(&status, "state")), "offline");
    assert_eq!(text(&get(&status, "why")), "gone");
    assert_eq!(listener.gone.borrow().len(), 1);
    assert_eq!(cluster.reopen().await.err().map(|why| why.code), Some("gone"));
    let missing = IdbStorage::open_existing("ottla-vanished", ottla_wasm::idb::Durability::Relaxed).await;
    assert!(missing.is_err(), "an empty database was made in its place");
    cluster.kill();
}
