/** The names of the APIs a broker here serves, by Kafka's keys. Names stay in English in every language. */
const APIS: Record<number, string> = {
  0: 'Produce',
  1: 'Fetch',
  2: 'ListOffsets',
  3: 'Metadata',
  18: 'ApiVersions',
  19: 'CreateTopics',
  20: 'DeleteTopics',
  21: 'DeleteRecords',
  22: 'InitProducerId',
  23: 'OffsetForLeaderEpoch',
  32: 'DescribeConfigs',
  37: 'CreatePartitions',
  44: 'IncrementalAlterConfigs',
  55: 'DescribeQuorum',
  57: 'UpdateFeatures',
  60: 'DescribeCluster',
  64: 'UnregisterBroker',
  74: 'ListConfigResources',
  75: 'DescribeTopicPartitions',
};

export function apiName(key: number): string {
  return APIS[key] ?? `API ${key}`;
}
