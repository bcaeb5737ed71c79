use super::*;

fn rule(name: &str, pattern_type: i8) -> AccessControlRule {
    AccessControlRule {
        resource_type: 2,
        resource_name: name.into(),
        pattern_type,
        principal: "User:a".into(),
        host: "*".into(),
        operation: 3,
        permission_type: 3,
    }
}

fn filter(name: Option<&str>, pattern_type: i8) -> AccessControlFilter {
    AccessControlFilter {
        resource_type: 1,
        resource_name: name.map(Into::into),
        pattern_type,
        principal: None,
        host: None,
        operation: 1,
        permission_type: 1,
    }
}

#[test]
fn entries_are_created_once_and_deleted_by_filters() {
    let mut cluster = Cluster::new();
    let all = [rule("*", 3), rule("te", 4), rule("test", 3), rule("test", 3), rule("", 3), rule("x", 2)];
    let decision = cluster.controller.create_acls(&mut cluster.rng, &all);
    let (records, reply) = cluster.carry_out(decision);
    assert_eq!(records.len(), 3);
    assert_eq!(reply.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, true, false, false]);
    let deleted = |cluster: &Cluster, filter| {
        let deleted = cluster.controller.delete_acls(&[filter]).reply.remove(0).unwrap();
        let mut names: Vec<_> = deleted.into_iter().map(|rule| rule.resource_name.to_string()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(deleted(&cluster, filter(None, 1)).len(), 3);
    assert_eq!(deleted(&cluster, filter(Some("test"), 3)), ["test"]);
    assert_eq!(deleted(&cluster, filter(Some("test"), 2)), ["*", "te", "test"], "whatever the name falls under");
    assert_eq!(deleted(&cluster, filter(Some("tea"), 2)), ["*", "te"]);
    let decision = cluster.controller.delete_acls(&[filter(None, 1), filter(None, 1), filter(None, 0)]);
    let (records, reply) = cluster.carry_out(decision);
    assert_eq!((records.len(), reply[1].as_ref().unwrap().len()), (3, 0), "each goes once");
    assert_eq!(error(&reply[2]), ErrorCode::InvalidRequest);
    assert!(cluster.image().access_control_entries().is_empty());
}

fn quota(subject: &[(&str, Option<&str>)], key: &str, value: Option<f64>) -> QuotaAlteration {
    let subject = subject.iter().map(|(kind, name)| (text(kind), name.map(text)));
    QuotaAlteration { subject: subject.collect(), edits: vec![QuotaEdit { key: key.into(), value }] }
}

#[test]
fn quotas_are_set_changed_and_taken_back() {
    let mut cluster = Cluster::new();
    let user = [("user", Some("a")), ("client-id", None)];
    for (value, records) in [(Some(10.0), 1), (Some(10.0), 0), (Some(20.0), 1), (None, 1), (None, 0)] {
        let alterations = [quota(&user, "producer_byte_rate", value)];
        let decision = cluster.controller.alter_client_quotas(&alterations, false);
        let (written, reply) = cluster.carry_out(decision);
        assert_eq!((written.len(), &reply[..]), (records, &[Ok(())][..]), "{value:?}");
    }
    assert!(cluster.image().quotas().is_empty());
}

#[test]
fn quotas_that_cannot_be_are_refused() {
    let cluster = Cluster::new();
    let user = [("user", Some("a"))];
    let refused = [
        quota(&user, "producer_byte_rate", Some(0.0)),
        quota(&user, "producer_byte_rate", Some(f64::NAN)),
        quota(&user, "producer_byte_rate", Some(1.5)),
        quota(&user, "connection_creation_rate", Some(1.0)),
        quota(&[], "producer_byte_rate", Some(1.0)),
        quota(&[("topic", Some("a"))], "producer_byte_rate", Some(1.0)),
        quota(&[("ip", Some("a")), ("user", Some("a"))], "connection_creation_rate", Some(1.0)),
        quota(&[("ip", Some("here"))], "connection_creation_rate", Some(1.0)),
        quota(&[("ip", Some("10.0.0.1"))], "connection_creation_rate", Some(1e10)),
        quota(&[("user", Some(""))], "producer_byte_rate", Some(1.0)),
    ];
    for alteration in refused {
        let decision = cluster.controller.alter_client_quotas(std::slice::from_ref(&alteration), false);
        assert_eq!(error(&decision.reply[0]), ErrorCode::InvalidRequest, "{alteration:?}");
        assert_eq!(decision.records, []);
    }
    let fine =
        [quota(&user, "request_percentage", Some(1.5)), quota(&[("ip", None)], "connection_creation_rate", Some(3.0))];
    assert_eq!(cluster.controller.alter_client_quotas(&fine, false).reply, [Ok(()), Ok(())]);
}
