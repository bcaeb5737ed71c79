//! Configs of topics, of one broker and of all.

use super::{TOPICS, said, start};

const CONFIGS: &str = "org.apache.kafka.tools.ConfigCommand";
const ALL: &[&str] = &["--entity-type", "brokers", "--entity-default"];
const SECOND: &[&str] = &["--entity-type", "brokers", "--entity-name", "2"];
const TOPIC: &[&str] = &["--entity-type", "topics", "--entity-name", "configured"];

#[test]
fn configs_are_told_from_where_they_come() {
    let host = start();
    let [first, second, third] = host.addresses()[..] else { panic!("three brokers") };
    let alter = |address, of: &[&str], what: &[&str]| said(address, CONFIGS, &[of, &["--alter"], what].concat());
    let describe = |address, of: &[&str]| said(address, CONFIGS, &[of, &["--describe"]].concat());

    let set = alter(third, ALL, &["--add-config", "log.retention.ms=7000000"]);
    assert_eq!(set, "Completed updating default config for brokers in the cluster.\n");
    let set = alter(first, SECOND, &["--add-config", "log.retention.ms=6000000"]);
    assert_eq!(set, "Completed updating config for broker 2.\n");
    said(second, TOPICS, &["--create", "--topic", "configured", "--partitions", "3"]);
    let set = alter(second, TOPIC, &["--add-config", "compression.type=zstd"]);
    assert_eq!(set, "Completed updating config for topic configured.\n");

    // For `log.retention.ms` Kafka tells DEFAULT_CONFIG:log.retention.hours=168, which it goes by.
    let brokers = "\
Dynamic configs for broker 1 are:
Dynamic configs for broker 2 are:
  log.retention.ms=6000000 sensitive=false synonyms={DYNAMIC_BROKER_CONFIG:log.retention.ms=6000000, \
                   DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=7000000, DEFAULT_CONFIG:log.retention.ms=604800000}
Dynamic configs for broker 3 are:
Default configs for brokers in the cluster are:
  log.retention.ms=7000000 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:log.retention.ms=7000000}
  min.insync.replicas=1 sensitive=false synonyms={DYNAMIC_DEFAULT_BROKER_CONFIG:min.insync.replicas=1}
";
    assert_eq!(describe(first, &["--entity-type", "brokers"]), brokers);
    let topic = "\
Dynamic configs for topic configured are:
  compression.type=zstd sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:compression.type=zstd, \
                 DEFAULT_CONFIG:compression.type=producer}
";
    assert_eq!(describe(third, TOPIC), topic);

    alter(third, SECOND, &["--delete-config", "log.retention.ms"]);
    assert_eq!(describe(third, SECOND), "Dynamic configs for broker 2 are:\n");
    assert_eq!(describe(third, &["--entity-type", "client-metrics"]), "");
    host.stop();
}
