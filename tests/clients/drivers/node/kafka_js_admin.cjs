// The administration of KafkaJS.
"use strict";

const { ConfigResourceTypes } = require("kafkajs");
const { Administration } = require("./administration.cjs");

const KINDS = { topic: ConfigResourceTypes.TOPIC, broker: ConfigResourceTypes.BROKER };

class KafkaJsAdministration extends Administration {
  async describe_topic({ topic }) {
    const { topics } = await (await this.admin()).fetchTopicMetadata({ topics: [topic] });
    return topics[0].partitions.map((one) => ({
      partition: one.partitionId,
      leader: one.leader,
      replicas: one.replicas,
    }));
  }

  async add_partitions({ topic, total }) {
    await (await this.admin()).createPartitions({ topicPartitions: [{ topic, count: total }] });
  }

  async configs({ kind, of }) {
    const asked = { includeSynonyms: false, resources: [{ type: KINDS[kind], name: of }] };
    const { resources } = await (await this.admin()).describeConfigs(asked);
    return Object.fromEntries(resources[0].configEntries.map((one) => [one.configName, one.configValue]));
  }

  async alter_configs({ kind, of, values }) {
    const configEntries = Object.entries(values).map(([key, value]) => ({ name: key, value }));
    await (await this.admin()).alterConfigs({ resources: [{ type: KINDS[kind], name: of, configEntries }] });
  }

  async describe_group({ group }) {
    const { groups } = await (await this.admin()).describeGroups([group]);
    if (groups[0].errorCode) throw Object.assign(new Error(group), { code: groups[0].errorCode });
    return { state: groups[0].state, members: groups[0].members.length };
  }

  async set_group_offsets({ group, offsets }) {
    for (const [topic, partition, offset] of offsets) {
      const partitions = [{ partition, offset: String(offset) }];
      await (await this.admin()).setOffsets({ groupId: group, topic, partitions });
    }
  }

  async cluster() {
    const found = await (await this.admin()).describeCluster();
    return { id: found.clusterId, controller: found.controller, brokers: found.brokers.map((one) => one.nodeId) };
  }
}

module.exports = { KafkaJsAdministration };
