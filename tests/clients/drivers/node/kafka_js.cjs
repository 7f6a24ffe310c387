// Driver of KafkaJS. Its administration is in a file of its own.
"use strict";

const kafkajs = require("kafkajs");
const zstd = require("@bokuweb/zstd-wasm");
const { KafkaJsAdministration } = require("./kafka_js_admin.cjs");
const { owning } = require("./kafka_js_owning.cjs");
const { range } = require("./kafka_js_range.cjs");
const { Consuming, Producing, messageOf, serve, told } = require("./serving.cjs");

const { CompressionCodecs, CompressionTypes, Kafka, PartitionAssigners, logLevel } = kafkajs;

const COMPRESSION = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

function codecOf(type) {
  try {
    return CompressionCodecs[type]();
  } catch (error) {
    if (error.name !== "KafkaJSNotImplemented") throw error;
    return null;
  }
}

// Those that it has before it is given any.
const CODECS_OF_ITS_OWN = Object.keys(COMPRESSION).filter((name) => name !== "none" && codecOf(COMPRESSION[name]));

// All but gzip are packages of their own.
CompressionCodecs[CompressionTypes.Snappy] = require("kafkajs-snappy");
CompressionCodecs[CompressionTypes.LZ4] = new (require("@2l/kafkajs-lz4"))().codec;
const zstdReady = zstd.init();
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async (encoder) => zstdReady.then(() => Buffer.from(zstd.compress(encoder.buffer))),
  // A frame need not say how large its content is: so much room has it then.
  decompress: async (data) => zstdReady.then(() => Buffer.from(zstd.decompress(data, { defaultHeapSize: 64 << 20 }))),
});

class KafkaJsProducing extends Producing {
  // Sends side by side may overtake each other while they are retried: it keeps order only for one at a time.
  sendsAtOnce = false;

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
}

class KafkaJsConsuming extends Consuming {
  async run(held, { topics, pattern, settings }) {
    // Among its like its own is chosen, among others the one that all know.
    const eager = [PartitionAssigners.roundRobin, range];
    const consumer = (held.consumer = this.kafka.consumer({
      groupId: settings.group,
      // What it owns changes nothing in how it joins again (test_cooperation.py).
      partitionAssigners: settings.assignor === "cooperative" ? [owning(() => held.owned)] : eager,
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
      held.owned = payload.memberAssignment;
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
    const [found] = await (await this.administration.admin()).fetchOffsets({ groupId, topics: [topic] });
    const offset = Number(found.partitions.find((one) => one.partition === partition).offset);
    return offset < 0 ? null : offset;
  }

  offers() {
    return {
      admin: Object.keys(this.kafka.admin()),
      assignors: Object.keys(PartitionAssigners),
      codecs: CODECS_OF_ITS_OWN,
    };
  }
}

const kafka = new Kafka({
  brokers: process.argv[2].split(","),
  clientId: "matrix",
  logLevel: logLevel.NOTHING,
  retry: { retries: 30, maxRetryTime: 2000 },
});
const administration = new KafkaJsAdministration(kafka);
serve(new KafkaJsProducing(kafka), new KafkaJsConsuming(kafka, administration), administration);
