// The administration of @confluentinc/kafka-javascript: by its API in the manner of KafkaJS, and by its own.
"use strict";

const { AdminClient, KafkaJS } = require("@confluentinc/kafka-javascript");
const { Administration } = require("./administration.cjs");
const { namesOf } = require("./serving.cjs");

const STATES = Object.fromEntries(Object.entries(KafkaJS.ConsumerGroupStates).map(([name, number]) => [number, name]));

class ConfluentJsAdministration extends Administration {
  constructor(kafka, bootstrap) {
    super(kafka);
    this.bootstrap = bootstrap;
  }

  offers() {
    const admin = AdminClient.create({ "bootstrap.servers": this.bootstrap });
    try {
      const like = namesOf(this.kafka.admin());
      return { admin: [...like, ...namesOf(admin)], "admin like KafkaJS's": like };
    } finally {
      admin.disconnect();
    }
  }

  async describe_topic({ topic }) {
    const [found] = await (await this.admin()).fetchTopicMetadata({ topics: [topic] });
    return found.partitions.map((one) => ({ partition: one.partitionId, leader: one.leader, replicas: one.replicas }));
  }

  // Its API in the manner of KafkaJS has no call for this, its own has.
  async add_partitions({ topic, total }) {
    await this.byItsOwn((admin, done) => admin.createPartitions(topic, total, 30_000, done));
  }

  // For this neither has a call: its own is told the brokers with every topic's metadata.
  async cluster() {
    const { brokers } = await this.byItsOwn((admin, done) => admin.getMetadata({ timeout: 30_000 }, done));
    return { brokers: brokers.map((one) => one.id) };
  }

  async byItsOwn(call) {
    const admin = AdminClient.create({ "bootstrap.servers": this.bootstrap });
    try {
      return await new Promise((resolve, reject) =>
        call(admin, (error, answer) => (error ? reject(error) : resolve(answer))),
      );
    } finally {
      admin.disconnect();
    }
  }

  async describe_group({ group }) {
    const { groups } = await (await this.admin()).describeGroups([group]);
    if (groups[0].error) throw groups[0].error;
    return { state: STATES[groups[0].state], members: groups[0].members.length };
  }
}

module.exports = { ConfluentJsAdministration };
