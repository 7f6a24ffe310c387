// The administration of the libraries in Node.js: what KafkaJS's admin client and the one in its manner have alike.
"use strict";

// Each method that has a name of the vocabulary answers to that call.
class Administration {
  constructor(kafka) {
    this.kafka = kafka;
    this.connected = null;
  }

  async admin() {
    if (this.connected === null) {
      this.connected = this.kafka.admin();
      await this.connected.connect();
    }
    return this.connected;
  }

  async create_topic({ topic, partitions, replication, configs }) {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }));
    const wanted = { topic, numPartitions: partitions, replicationFactor: replication, configEntries };
    if (!(await (await this.admin()).createTopics({ topics: [wanted], timeout: 30_000 }))) {
      throw Object.assign(new Error("the topic is there already"), { code: 36 });
    }
  }

  async topics() {
    return (await this.admin()).listTopics();
  }

  async delete_topic({ topic }) {
    await (await this.admin()).deleteTopics({ topics: [topic] });
  }

  async groups() {
    return (await (await this.admin()).listGroups()).groups.map((one) => one.groupId);
  }

  async delete_group({ group }) {
    await (await this.admin()).deleteGroups([group]);
  }

  async ends({ topic, partition }) {
    const all = await (await this.admin()).fetchTopicOffsets(topic);
    const found = all.find((one) => one.partition === partition);
    return [Number(found.low), Number(found.high)];
  }

  // Its consumers have no call for this.
  offset_for_time({ topic, partition, timestamp }) {
    return this.offset_at({ topic, partition, timestamp });
  }

  async offset_at({ topic, partition, timestamp }) {
    const all = await (await this.admin()).fetchTopicOffsetsByTimestamp(topic, timestamp);
    return Number(all.find((one) => one.partition === partition).offset);
  }

  async group_offsets({ group }) {
    const all = await (await this.admin()).fetchOffsets({ groupId: group });
    return all.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [topic, partition, Number(offset)]),
    );
  }

  // KafkaJS only knows the leaders of topics that it was asked about before.
  async delete_records({ topic, partition, before }) {
    await this.ends({ topic, partition });
    await (await this.admin()).deleteTopicRecords({ topic, partitions: [{ partition, offset: String(before) }] });
    return (await this.ends({ topic, partition }))[0];
  }
}

module.exports = { Administration };
