// Driver of @confluentinc/kafka-javascript, by its API in the manner of KafkaJS. Its administration is in a file of its own.
"use strict";

const { KafkaJS } = require("@confluentinc/kafka-javascript");
const { ConfluentJsAdministration } = require("./confluent_js_admin.cjs");
const { Consuming, Producing, messageOf, serve, told } = require("./serving.cjs");

const { ERR__ASSIGN_PARTITIONS } = KafkaJS.ErrorCodes;

class ConfluentJsProducing extends Producing {
  sendsAtOnce = true;

  async newProducer(settings) {
    const producer = this.kafka.producer({
      kafkaJS: {
        idempotent: settings.idempotence ?? true,
        acks: -1,
        compression: settings.compression ?? "none",
        retry: { retries: 1000, initialRetryTime: 100, maxRetryTime: 1000 },
      },
      "message.max.bytes": settings.max_request_bytes ?? 1_000_000,
      "linger.ms": 5,
    });
    await producer.connect();
    return producer;
  }

  async sendOne(producer, topic, message) {
    const [placed] = await producer.send({ topic, messages: [message] });
    return [placed.partition, Number(placed.baseOffset)];
  }

  async produce({ topic, records, settings }) {
    const producer = await this.newProducer(settings);
    try {
      return await Promise.all(
        records.map((record) => this.sendOne(producer, topic, messageOf(record)).catch(told)),
      );
    } finally {
      await producer.disconnect();
    }
  }

  // The drivers' other empty values are slices (serving.cjs).
  async produce_empty_of_its_own({ topic }) {
    const producer = await this.newProducer({});
    await this.sendOne(producer, topic, { value: Buffer.alloc(0) });
    await producer.disconnect();
  }
}

class ConfluentJsConsuming extends Consuming {
  async run(held, { topics, pattern, settings }) {
    const { cooperativeSticky, range } = KafkaJS.PartitionAssigners;
    const consumer = (held.consumer = this.kafka.consumer({
      kafkaJS: {
        groupId: settings.group,
        partitionAssigners: [settings.assignor === "cooperative" ? cooperativeSticky : range],
        sessionTimeout: settings.session_ms ?? 10_000,
        heartbeatInterval: 300,
        metadataMaxAge: 500,
        fromBeginning: (settings.reset ?? "earliest") === "earliest",
        autoCommit: settings.auto_commit ?? false,
        autoCommitInterval: 300,
      },
      ...(settings.instance ? { "group.instance.id": settings.instance } : {}),
      "js.consumer.max.batch.size": 500,
      rebalance_cb: (error, parts) => this.noted(held, error, parts),
    }));
    await consumer.connect();
    await consumer.subscribe({ topics: pattern === null ? topics : [new RegExp(`^${pattern}`)] });
    await consumer.run({
      partitionsConsumedConcurrently: 10,
      eachBatchAutoResolve: false,
      eachBatch: (given) => held.keep(given),
    });
  }

  noted(held, error, parts) {
    const moved = parts.map(({ topic, partition }) => [topic, partition]);
    const assigned = error.code === ERR__ASSIGN_PARTITIONS;
    held.events.push([assigned ? "assigned" : "revoked", moved]);
    held.joins += 1;
    held.dropParts(moved);
  }

  assignment({ name }) {
    return this.consumers[name].consumer.assignment().map(({ topic, partition }) => [topic, partition]);
  }

  async commit({ name, offsets }) {
    const ends = offsets?.map(([topic, partition, offset]) => ({ topic, partition, offset: String(offset) }));
    await this.consumers[name].consumer.commitOffsets(ends);
  }

  // commitOffsets() returns when the commit is on its way, and the library keeps its answer to itself.
  async isTaken(name, ends) {
    const parts = ends.map(([topic, partition]) => ({ topic, partition }));
    const found = await this.consumers[name].consumer.committed(parts, 30_000).catch(() => []);
    const offsets = new Map(found.map(({ partition, offset }) => [partition, Number(offset)]));
    return ends.every(([, partition, offset]) => offsets.get(partition) === offset);
  }

  async committed({ name, topic, partition }) {
    const [found] = await this.consumers[name].consumer.committed([{ topic, partition }], 30_000);
    return found.offset === null || Number(found.offset) < 0 ? null : Number(found.offset);
  }
}

const [, , bootstrap] = process.argv;
const common = { brokers: bootstrap.split(","), clientId: "matrix", logLevel: KafkaJS.logLevel.NOTHING };
const kafka = new KafkaJS.Kafka({ kafkaJS: common });
const administration = new ConfluentJsAdministration(kafka, bootstrap);
serve(new ConfluentJsProducing(kafka), new ConfluentJsConsuming(kafka, administration), administration);
