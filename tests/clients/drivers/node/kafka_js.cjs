// Driver of KafkaJS.
"use strict";

const kafkajs = require("kafkajs");
const zstd = require("@bokuweb/zstd-wasm");
const { range } = require("./kafka_js_range.cjs");
const { Driver, messageOf, serve, told } = require("./serving.cjs");

const { CompressionCodecs, CompressionTypes, ConfigResourceTypes, Kafka, PartitionAssigners, logLevel } = kafkajs;

// All but gzip are packages of their own.
CompressionCodecs[CompressionTypes.Snappy] = require("kafkajs-snappy");
CompressionCodecs[CompressionTypes.LZ4] = new (require("@2l/kafkajs-lz4"))().codec;
const zstdReady = zstd.init();
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => zstdReady.then(() => Buffer.from(zstd.compress(encoder.buffer))),
  // A frame need not say how large its content is: so much room has it then.
  decompress: async (data) => zstdReady.then(() => Buffer.from(zstd.decompress(data, { defaultHeapSize: 64 << 20 }))),
});

const COMPRESSION = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};
const KINDS = { topic: ConfigResourceTypes.TOPIC, broker: ConfigResourceTypes.BROKER };

class KafkaJs extends Driver {
  constructor(bootstrap) {
    super(
      new Kafka({
        brokers: bootstrap.split(","),
        clientId: "matrix",
        logLevel: logLevel.NOTHING,
        retry: { retries: 30, maxRetryTime: 2000 },
      }),
    );
    // Sends side by side may overtake each other while they are retried: it keeps order only for one at a time.
    this.sendsAtOnce = false;
  }

  // -- producing

  async newProducer(settings) {
    const producer = this.kafka.producer({ idempotent: settings.idempotence ?? true, maxInFlightRequests: 1 });
    await producer.connect();
    return producer;
  }

  async sendOne(producer, topic, message) {
    const [placed] = await producer.send({ topic, acks: -1, messages: [message] });
    return [placed.partition, Number(placed.baseOffset)];
  }

  // It tells the base offset of what one request wrote to each partition; which record went where it does not tell.
  async produce({ topic, records, settings }) {
    const producer = await this.newProducer(settings);
    const compression = COMPRESSION[settings.compression ?? "none"];
    try {
      const answers = [];
      const size = settings.batch ?? 1000;
      for (let at = 0; at < records.length; at += size) {
        const part = records.slice(at, at + size);
        try {
          const written = await producer.send({ topic, acks: -1, compression, messages: part.map(messageOf) });
          const single = part.length === 1 ? [written[0].partition, Number(written[0].baseOffset)] : null;
          answers.push(...part.map(() => single ?? [-1, -1]));
        } catch (error) {
          answers.push(...part.map(() => told(error)));
        }
      }
      return answers;
    } finally {
      await producer.disconnect();
    }
  }

  // -- consuming

  async run(held, { topics, pattern, settings }) {
    const consumer = (held.consumer = this.kafka.consumer({
      groupId: settings.group,
      // Among its like its own is chosen, among others the one that all know.
      partitionAssigners: [PartitionAssigners.roundRobin, range],
      // By this name it would have static members; it ignores it (test_absence.py).
      groupInstanceId: settings.instance,
      sessionTimeout: settings.session_ms ?? 10_000,
      heartbeatInterval: 300,
      metadataMaxAge: 500,
      maxWaitTimeInMs: 200,
      allowAutoTopicCreation: false,
    }));
    this.listen(held);
    await consumer.connect();
    const wanted = pattern === null ? topics : [new RegExp(`^${pattern}$`)];
    await consumer.subscribe({ topics: wanted, fromBeginning: (settings.reset ?? "earliest") === "earliest" });
    await consumer.run({
      autoCommit: settings.auto_commit ?? false,
      autoCommitInterval: 300,
      partitionsConsumedConcurrently: 10,
      eachBatchAutoResolve: false,
      eachBatch: (given) => held.keep(given),
    });
  }

  listen(held) {
    const { consumer } = held;
    consumer.on(consumer.events.REBALANCING, () => {
      held.events.push(["revoked", held.assigned]);
      held.assigned = [];
      held.read = {};
      held.drop(() => true);
    });
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      const assigned = Object.entries(payload.memberAssignment);
      held.assigned = assigned.flatMap(([topic, all]) => all.map((one) => [topic, one]));
      held.events.push(["assigned", held.assigned]);
      // It fetches again from what is committed now.
      held.joins += 1;
      held.drop(() => true);
    });
  }

  // It has no call for "commit what was read": the offsets are always told.
  async commit({ name, offsets }) {
    const { consumer, read } = this.consumers[name];
    const ends = offsets ?? Object.values(read);
    await consumer.commitOffsets(ends.map(([topic, partition, offset]) => ({ topic, partition, offset: String(offset) })));
  }

  async committed({ name, topic, partition }) {
    const { groupId } = await this.consumers[name].consumer.describeGroup();
    const [found] = await (await this.admin()).fetchOffsets({ groupId, topics: [topic] });
    const offset = Number(found.partitions.find((one) => one.partition === partition).offset);
    return offset < 0 ? null : offset;
  }

  offers() {
    return { admin: Object.keys(this.kafka.admin()), assignors: Object.keys(PartitionAssigners) };
  }

  // -- administration

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

serve(new KafkaJs(process.argv[2]));
